import http from 'node:http';
import https from 'node:https';
import { XMLParser } from 'fast-xml-parser';
import { readBody } from './body.ts';

/** An error answer is a short XML document; a proxy's page may be longer, and its beginning is enough. */
const errorBytes = 2 ** 20;

/** A status of 400 or more, where none was expected. */
export class Refused extends Error {
  readonly status: number;
  /** S3's error code, such as `NoSuchBucket`; empty where the answer had none. */
  readonly s3Code: string;

  /** S3's error code and message are in the body, or for HEAD, which has none, in MinIO's headers. */
  constructor({ statusCode = 0, headers }: http.IncomingMessage, body: Buffer) {
    const { Code, Message } = errorIn(body);
    super(Message || `${headers['x-minio-error-desc'] ?? ''}`.replaceAll('"', ''));
    this.status = statusCode;
    this.s3Code = Code || `${headers['x-minio-error-code'] ?? ''}`;
  }
}

export interface Limits {
  /** How long a connection may stand still. */
  readonly idleMs: number;
  /** When the call must be done, by `performance.now()`. */
  readonly deadline: number;
  /** Statuses from 400 on that are answers, such as 404. */
  readonly accept: readonly number[];
}

/**
 * What minio-js sends its requests through. It adds what minio-js lacks: time limits, and the status and error code of
 * every refusal (minio-js drops the status, and for 5xx the code as well).
 *
 * @returns a transport whose requests fail with `Refused` for every other status from 400 on
 */
export const transportWithin = ({ idleMs, deadline, accept }: Limits): Pick<typeof http, 'request'> => {
  const request = (options: https.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void) => {
    const { request: send } = options.protocol === 'https:' ? https : http;
    let stream: http.ClientRequest | http.IncomingMessage;
    const sent = send({ ...options, timeout: idleMs }, (answer) => {
      stream = answer;
      const { statusCode = 0 } = answer;
      if (statusCode < 400 || accept.includes(statusCode)) return onAnswer(answer);
      readBody(answer, { limit: errorBytes, hashed: false }).then(
        ({ bytes }) => sent.emit('error', new Refused(answer, bytes)),
        (error) => sent.emit('error', error),
      );
    });
    stream = sent;
    // The reader of the answer, where there is one, gets the reason why it broke off.
    const giveUp = (why: string): void => void stream.destroy(Object.assign(new Error(why), { name: 'TimeoutError' }));
    // A timer costs a tenth of an abort signal, and a look-up of 1,000 actions asks thousands of small questions.
    const timer = setTimeout(() => giveUp('not done in time'), Math.max(0, deadline - performance.now()));
    sent.on('timeout', () => giveUp('stood still'));
    return sent.on('close', () => clearTimeout(timer));
  };
  return { request: request as typeof http.request };
};

const xml = new XMLParser({ parseTagValue: false });

const errorIn = (body: Buffer): { readonly Code?: string; readonly Message?: string } => {
  try {
    return xml.parse(body.toString())?.Error || {};
  } catch {
    // A page of a proxy need not be XML.
    return {};
  }
};
