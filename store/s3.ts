import http from 'node:http';
import https from 'node:https';
import { hexOf } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { type Body, readBody } from './body.ts';
import { isTransient, mayBeDamaged, networkError, refusalError, unreadableError } from './errors.ts';
import { hash } from './hash.ts';
import {
  checkKey,
  checkSize,
  type Described,
  type Hashed,
  maxObjectBytes,
  type ObjectStore,
  type PutOptions,
} from './objects.ts';
import { type Signer, signerFor } from './sign.ts';

/** Longer pauses would only miss the server's return. */
const maxBackoffMs = 2_000;

export interface S3Config {
  /** `http://127.0.0.1:9000` or `https://…`; objects are addressed as `/bucket/key`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly region?: string;
  /** How long a request may stand still; 20 s unless told. */
  readonly idleMs?: number;
  /** How long a call may take with all its attempts; 120 s unless told. */
  readonly deadlineMs?: number;
  /** Attempts for each call; 5 unless told. */
  readonly attempts?: number;
  /** Wait before the second attempt, doubled each time; 200 ms unless told. */
  readonly backoffMs?: number;
  /** Keys in one answer to a listing; 1,000 unless told. */
  readonly pageSize?: number;
}

interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Without one, the request is about the bucket itself. */
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  /** Whether the answer's body is hashed. */
  readonly hashed?: boolean;
  readonly accept: readonly number[];
}

interface Answer extends Body {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

const emptyHash = hexOf(hash(new Uint8Array(0)));

/**
 * A bucket of any S3 server. Requests are signed and sent here, because minio-js has no timeout,
 * hides statuses behind its own retries, and turns `x-amz-checksum-*` into metadata that no server checks.
 * Uploads are single PUTs, whole in memory: multipart is neither conditional nor atomic everywhere.
 */
export class S3Objects implements ObjectStore {
  readonly #config: Required<S3Config>;
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #sign: Signer;

  constructor(config: S3Config) {
    this.#config = {
      region: 'us-east-1',
      idleMs: 20_000,
      deadlineMs: 120_000,
      attempts: 5,
      backoffMs: 200,
      pageSize: 1000,
      ...config,
    };
    this.#sign = signerFor(this.#config);
    this.#url = parseEndpoint(config.endpoint);
    // The same time as a request's own, so that no socket's timer is set twice for each of thousands of requests.
    const options = { keepAlive: true, maxSockets: 64, timeout: this.#config.idleMs };
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'present'> {
    checkSize(bytes);
    const hex = hexOf(options.digest ?? hash(bytes));
    const { status } = await this.#call({
      method: 'PUT',
      key,
      headers: {
        'content-type': options.mediaType ?? 'application/octet-stream',
        'content-length': `${bytes.length}`,
        'x-amz-content-sha256': hex,
        'x-amz-checksum-sha256': Buffer.from(hex, 'hex').toString('base64'),
        ...(options.overwrite ? {} : { 'if-none-match': '*' }),
      },
      body: bytes,
      accept: options.overwrite ? [200] : [200, 412],
    });
    return status === 412 ? 'present' : 'written';
  }

  async get(key: string): Promise<Buffer | undefined> {
    return (await this.#read(key, false))?.bytes;
  }

  async getHashed(key: string): Promise<Hashed | undefined> {
    return (await this.#read(key, true)) as Hashed | undefined;
  }

  async has(key: string): Promise<boolean> {
    return (await this.#call({ method: 'HEAD', key, accept: [200, 404] })).status === 200;
  }

  async remove(key: string): Promise<void> {
    await this.#call({ method: 'DELETE', key, accept: [200, 204, 404] });
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.describe(prefix)).map(({ key }) => key);
  }

  async describe(prefix: string): Promise<Described[]> {
    const found: Described[] = [];
    let token = '';
    do {
      const query = listQuery({
        'list-type': '2',
        'max-keys': `${this.#config.pageSize}`,
        'encoding-type': 'url',
        prefix,
        ...(token && { 'continuation-token': token }),
      });
      const xml = (await this.#call({ method: 'GET', query, accept: [200] })).bytes.toString();
      for (const [, entry = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs))
        found.push({
          key: decodeURIComponent(tag(entry, 'Key').replaceAll('+', ' ')),
          bytes: Number(tag(entry, 'Size')),
          writtenAtMs: Date.parse(tag(entry, 'LastModified')),
        });
      token = unescapeXml(tag(xml, 'NextContinuationToken'));
    } while (token);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Makes the bucket where it is missing. */
  async ensureBucket(): Promise<void> {
    const { status } = await this.#call({ method: 'HEAD', accept: [200, 404] });
    if (status === 404) await this.#call({ method: 'PUT', accept: [200, 409] });
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** @throws CemiflowError `ObjectUnreadable` where the server has the object, and fails to give it while it gives others */
  async #read(key: string, hashed: boolean): Promise<Body | undefined> {
    const get = async (): Promise<Body | undefined> => {
      const { status, bytes, digest } = await this.#call({ method: 'GET', key, hashed, accept: [200, 404] });
      return status === 404 ? undefined : { bytes, digest };
    };
    try {
      return await get();
    } catch (error) {
      if (!mayBeDamaged(error) || !(await this.has(key).catch(() => false))) throw error;
    }
    // An outage may have ended before the server was asked whether it has the object: only what fails again now is damage.
    return get().catch((again) => {
      if (!mayBeDamaged(again)) throw again;
      throw unreadableError(`${this.#config.bucket}/${key}`, this.#config.endpoint, again);
    });
  }

  async #call(request: Request): Promise<Answer> {
    const { key } = request;
    if (key !== undefined) checkKey(key);
    const { endpoint, bucket, attempts, backoffMs, deadlineMs } = this.#config;
    const what = `${request.method} ${bucket}${key === undefined ? '' : `/${key}`}`;
    const deadline = performance.now() + deadlineMs;
    for (let attempt = 1; ; attempt++) {
      let error: CemiflowError;
      try {
        const answer = await this.#send(request, deadline);
        const refusal = { what, endpoint, bucket, status: answer.status, ...errorIn(answer) };
        const missing = answer.status === 404 && refusal.code === 'NoSuchBucket' && key !== undefined;
        if (request.accept.includes(answer.status) && !missing) return answer;
        error = refusalError(refusal);
        // A conditional write that lost a race on AWS is told to try again, and finds the winner then.
        if (!isTransient(answer.status) && refusal.code !== 'ConditionalRequestConflict') throw error;
      } catch (cause) {
        if (cause instanceof CemiflowError) throw cause;
        error = networkError(what, endpoint, cause);
      }
      if (attempt >= attempts || performance.now() >= deadline) throw error;
      await pause(Math.min(backoffMs * 2 ** (attempt - 1), maxBackoffMs) * (0.75 + Math.random() / 2));
    }
  }

  #send({ method, key, query, headers, body, hashed = false }: Request, deadline: number): Promise<Answer> {
    const { bucket, idleMs } = this.#config;
    const { protocol, hostname, port, host } = this.#url;
    const path = `/${bucket}${key === undefined ? '' : `/${escapePath(key)}`}${query ? `?${query}` : ''}`;
    const signed: Record<string, string> = {
      host,
      'x-amz-date': new Date().toISOString().replace(/[:-]|\.\d{3}/g, ''),
      'x-amz-content-sha256': emptyHash,
      ...headers,
    };
    signed.authorization = this.#sign({ method, path, headers: signed });
    const options = {
      method,
      hostname,
      port,
      path,
      headers: signed,
      agent: this.#agent,
      timeout: idleMs,
    };
    return new Promise<Answer>((resolve, reject) => {
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        readBody(response, { limit: maxObjectBytes, hashed }).then(
          (read) => end(resolve, { status: response.statusCode ?? 0, headers: response.headers, ...read }),
          (error) => end(reject, error),
        );
      });
      // A timer costs a tenth of an abort signal, of which thousands of small questions would make as many.
      const timer = setTimeout(() => giveUp('not done in time'), Math.max(0, deadline - performance.now()));
      const giveUp = (why: string): void =>
        void request.destroy(Object.assign(new Error(why), { name: 'TimeoutError' }));
      const end = <T>(settle: (value: T) => void, value: T): void => {
        clearTimeout(timer);
        settle(value);
      };
      request.on('timeout', () => giveUp('stood still'));
      request.on('error', (error) => end(reject, error));
      request.end(body);
    });
  }
}

/** S3's error code and message: in the body, or for HEAD, which has none, in MinIO's header. */
const errorIn = ({ status, headers, bytes }: Answer): { code: string; message: string } => {
  if (status < 400) return { code: '', message: '' };
  const xml = bytes.toString('utf8', 0, 10_000);
  return {
    code: tag(xml, 'Code') || `${headers['x-minio-error-code'] ?? ''}`,
    message: unescapeXml(tag(xml, 'Message')) || `${headers['x-minio-error-desc'] ?? ''}`.replaceAll('"', ''),
  };
};

const tag = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#34': '"', '#39': "'" };
const unescapeXml = (text: string): string => text.replace(/&(#?\w+);/g, (all, name) => entities[name] ?? all);

const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const escapePath = (key: string): string => key.split('/').map(percentEncode).join('/');

/** A query in the order and escaping that the signature is made over. */
const listQuery = (values: Record<string, string>): string =>
  Object.keys(values)
    .sort()
    .map((name) => `${name}=${percentEncode(values[name] as string)}`)
    .join('&');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const parseEndpoint = (endpoint: string): URL => {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url;
  throw new CemiflowError('StoreEndpointInvalid', `the store's endpoint must be http(s)://host:port, got ${endpoint}`, {
    remedy: 'write it as http://127.0.0.1:9000, without path, query or credentials',
  });
};
