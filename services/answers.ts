import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:http2';
import type { S3Endpoint, TemporalEndpoint } from './types.ts';

/**
 * Whether servers on this machine are well, asked by one bare request each. The questions are those of `probe.ts`, whose clients
 * take longer to load than all else that "cemiflow status" does. Every answer but "well" is left to them: they say what is wrong.
 */

const describeNamespace = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';

/** Whether Temporal knows its namespace. */
export const temporalAnswers = ({ address, namespace }: TemporalEndpoint, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const settle = (answers: boolean): void => {
      clearTimeout(timer);
      session.destroy();
      resolve(answers);
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    session.on('error', () => settle(false));
    const stream = session.request({
      ':method': 'POST',
      ':path': describeNamespace,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    const read = (headers: { readonly 'grpc-status'?: unknown }): void => {
      status = headers['grpc-status'] ?? status;
    };
    // A refusal has no body, and its status among the headers.
    stream.on('response', read).on('trailers', read);
    stream.on('error', () => settle(false)).on('close', () => settle(status === '0'));
    stream.resume().end(frameOf(namespace));
  });

/** `DescribeNamespaceRequest {namespace: string = 1}` in protobuf, uncompressed in a frame of gRPC. */
const frameOf = (namespace: string): Buffer => {
  const name = Buffer.from(namespace);
  const message = Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];

/** Whether the store at an `http:` address takes our credentials and has the bucket. */
export const s3Answers = (s3: S3Endpoint, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, host, port } = new URL(s3.endpoint);
    const path = `/${s3.bucket}`;
    const options = { hostname: hostname.replace(/^\[|\]$/g, ''), port, path, method: 'HEAD', timeout: timeoutMs };
    const asked = request({ ...options, headers: signedHead({ ...s3, host, path }), agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time'))).on('error', () => resolve(false));
    asked.end();
  });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Headers of a HEAD request without a body, signed as AWS describes it (Signature Version 4). */
const signedHead = (s3: S3Endpoint & { readonly host: string; readonly path: string }) => {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers = { host: s3.host, 'x-amz-content-sha256': sha256(''), 'x-amz-date': time };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['HEAD', s3.path, '', lines.join(''), names, sha256('')].join('\n');
  const scope = `${day}/${s3.region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, s3.region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${s3.secretKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `Credential=${s3.accessKey}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
};
