import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import { hexOf } from '../core/digest.ts';
import type { CemiflowError } from '../core/errors.ts';
import { type Body, readBody } from './body.ts';
import { isTransient, mayBeDamaged, networkError, refusalError, unreadableError } from './errors.ts';
import { hash } from './hash.ts';
import { type ListPage, listQuery, readListPage } from './list-page.ts';
import {
  checkKey,
  checkSize,
  type Described,
  type Hashed,
  maxObjectBytes,
  type ObjectStore,
  type PutOptions,
} from './objects.ts';
import { parseEndpoint, type S3Config } from './s3-config.ts';
import { Refused, transportWithin } from './transport.ts';

/** Other objects that are read to tell a damaged object from a store that is away: some of them may be damaged too. */
const probes = 3;
/** Longer pauses would only miss the server's return. */
const maxBackoffMs = 2_000;

interface Request {
  readonly headers?: { readonly [name: string]: string };
  readonly query?: string;
  readonly body?: Buffer;
  /** SHA-256 of the body. */
  readonly hex?: string;
  /** Whether the answer's body is hashed. */
  readonly hashed?: boolean;
  /** Statuses from 400 on that are answers. */
  readonly accept: readonly number[];
  /** Those of the configuration, if absent. */
  readonly attempts?: number;
}

interface Answer extends Body {
  readonly status: number;
}

const nothing = Buffer.alloc(0);
const emptyHash = hexOf(hash(nothing));

/**
 * A bucket of any S3 server. minio-js signs and addresses the requests; time limits, retries and
 * hashing are ours, because it has no time limits, and accepts whatever bytes come (docs/adr/0013).
 * Uploads are single PUTs, whole in memory: multipart is neither conditional nor atomic everywhere.
 */
export class S3Objects implements ObjectStore {
  readonly #config: Required<S3Config>;
  readonly #url: URL;
  readonly #agent: http.Agent;

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
    this.#url = parseEndpoint(config.endpoint);
    // The same time as a request's own, so that no socket's timer is set twice for each of thousands of requests.
    const options = { keepAlive: true, maxSockets: 64, timeout: this.#config.idleMs };
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'present'> {
    checkSize(bytes);
    const hex = hexOf(options.digest ?? hash(bytes));
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const headers = {
      'content-type': options.mediaType ?? 'application/octet-stream',
      'content-length': `${body.length}`,
      'x-amz-checksum-sha256': Buffer.from(hex, 'hex').toString('base64'),
      ...(options.overwrite ? {} : { 'if-none-match': '*' }),
    };
    const accept = options.overwrite ? [] : [412];
    const { status } = await this.#replacing(key, () => this.#send('PUT', key, { headers, body, hex, accept }));
    return status === 412 ? 'present' : 'written';
  }

  async get(key: string): Promise<Buffer | undefined> {
    return (await this.#read(key, false))?.bytes;
  }

  async getHashed(key: string): Promise<Hashed | undefined> {
    return (await this.#read(key, true)) as Hashed | undefined;
  }

  async has(key: string): Promise<boolean> {
    try {
      return (await this.#send('HEAD', key, { accept: [404] })).status !== 404;
    } catch (error) {
      if (await this.#isDamaged(key, error)) return true;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#replacing(key, () => this.#send('DELETE', key, { accept: [404] }));
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.describe(prefix)).map(({ key }) => key);
  }

  async describe(prefix: string): Promise<Described[]> {
    const found: Described[] = [];
    for await (const page of this.pages(prefix)) found.push(...page);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async *pages(prefix: string): AsyncIterable<readonly Described[]> {
    let token: string | undefined;
    do {
      const { objects, next } = await this.#page(prefix, token, this.#config.pageSize);
      yield objects;
      token = next;
    } while (token);
  }

  /** Makes the bucket where it is missing. */
  async ensureBucket(): Promise<void> {
    const { status } = await this.#send('HEAD', undefined, { accept: [404] });
    if (status === 404) await this.#send('PUT', undefined, { accept: [409] });
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** @throws CemiflowError `ObjectUnreadable` where the server fails to give this object, and only this one */
  async #read(key: string, hashed: boolean): Promise<Body | undefined> {
    const get = async (): Promise<Body | undefined> => {
      const { status, ...body } = await this.#send('GET', key, { hashed, accept: [404] });
      return status === 404 ? undefined : body;
    };
    try {
      return await get();
    } catch (error) {
      if (!mayBeDamaged(error) || !((await this.#isThere(key)) || (await this.#readsOthers(key)))) throw error;
    }
    // An outage may have ended before the server was asked whether it has the object: only what fails again now is damage.
    return get().catch((again) => {
      if (!mayBeDamaged(again)) throw again;
      throw unreadableError(`${this.#config.bucket}/${key}`, this.#config.endpoint, again);
    });
  }

  /**
   * A write to a key whose object may be damaged. MinIO refuses to replace or delete an object whose own metadata it cannot read
   * (500 for every request), except with its header for deleting by force, which other servers ignore.
   */
  async #replacing(key: string, write: () => Promise<Answer>): Promise<Answer> {
    try {
      return await write();
    } catch (error) {
      if (!(await this.#isDamaged(key, error))) throw error;
    }
    await this.#send('DELETE', key, { headers: { 'x-minio-force-delete': 'true' }, accept: [404] });
    return write();
  }

  /** Whether a request failed because the server cannot read what it has under the key, of which it does not even tell the size. */
  async #isDamaged(key: string, failed: unknown): Promise<boolean> {
    if (!mayBeDamaged(failed) || !(await this.#readsOthers(key))) return false;
    // Asked again after it is known that the store works: an outage may have ended meanwhile.
    const error = await this.#send('HEAD', key, { accept: [404] }).catch((caught) => caught);
    return mayBeDamaged(error);
  }

  /** One attempt: the server has just failed often enough. */
  async #isThere(key: string): Promise<boolean> {
    const head = await this.#send('HEAD', key, { accept: [404], attempts: 1 }).catch(() => undefined);
    return head?.status === 200;
  }

  /** Whether the server reads some other object: then a failure is that of the object, not of the store. */
  async #readsOthers(key: string): Promise<boolean> {
    const page = await this.#page('', undefined, probes + 1, 1).catch(() => undefined);
    for (const other of page?.objects.filter((each) => each.key !== key).slice(0, probes) ?? []) {
      const read = await this.#send('GET', other.key, { accept: [404], attempts: 1 }).catch(() => undefined);
      if (read?.status === 200) return true;
    }
    return false;
  }

  async #page(prefix: string, token: string | undefined, size: number, attempts?: number): Promise<ListPage> {
    const query = listQuery(prefix, token, size);
    const { bytes } = await this.#send('GET', undefined, { query, accept: [], attempts });
    return readListPage(bytes.toString());
  }

  /** A request about an object, or without a key about the bucket. */
  #send(method: string, key: string | undefined, request: Request): Promise<Answer> {
    const { headers = {}, query, body = nothing, hex = emptyHash, hashed = false, accept } = request;
    const { bucket, region } = this.#config;
    const object = key === undefined ? {} : { objectName: key };
    const options = { method, bucketName: bucket, headers, ...object, ...(query !== undefined && { query }) };
    // Over TLS the body is not signed: an empty hash says so to minio-js.
    const signed = this.#url.protocol === 'https:' ? '' : hex;
    return this.#call(method, key, request, async (client) => {
      const statuses = [200, 204, ...accept];
      const answer = await client.makeRequestStreamAsync(options, body, signed, statuses, region);
      const read = await readBody(answer, { limit: maxObjectBytes, hashed });
      const status = answer.statusCode ?? 0;
      if (status === 404 && key !== undefined && namesBucket(answer, read.bytes)) throw new Refused(answer, read.bytes);
      return { status, ...read };
    });
  }

  /** Makes a request, in as many attempts as it takes. */
  async #call<T>(
    method: string,
    key: string | undefined,
    { accept, attempts = this.#config.attempts }: Pick<Request, 'accept' | 'attempts'>,
    request: (client: Client) => Promise<T>,
  ): Promise<T> {
    if (key !== undefined) checkKey(key);
    const { endpoint, bucket, backoffMs, deadlineMs } = this.#config;
    const what = `${method} ${bucket}${key === undefined ? '' : `/${key}`}`;
    const deadline = performance.now() + deadlineMs;
    const client = this.#clientFor(deadline, accept);
    for (let attempt = 1; ; attempt++) {
      let error: CemiflowError;
      try {
        return await request(client);
      } catch (cause) {
        if (cause instanceof Refused) {
          const { status, s3Code: code, message } = cause;
          error = refusalError({ what, endpoint, bucket, status, code, message });
          // AWS asks a conditional write that lost a race to try again; it then finds the winner.
          if (!isTransient(status) && code !== 'ConditionalRequestConflict') throw error;
        } else error = networkError(what, endpoint, cause);
      }
      if (attempt >= attempts || performance.now() >= deadline) throw error;
      await pause(Math.min(backoffMs * 2 ** (attempt - 1), maxBackoffMs) * (0.75 + Math.random() / 2));
    }
  }

  /** A client for one call: minio-js takes no time limit with a request, but a transport with a client. */
  #clientFor(deadline: number, accept: readonly number[]): Client {
    const { accessKey, secretKey, region, idleMs } = this.#config;
    const { hostname, port, protocol } = this.#url;
    return new Client({
      endPoint: hostname.replace(/^\[|\]$/g, ''),
      ...(port === '' ? {} : { port: Number(port) }),
      useSSL: protocol === 'https:',
      accessKey,
      secretKey,
      region,
      transport: transportWithin({ idleMs, deadline, accept }),
      transportAgent: this.#agent,
      retryOptions: { disableRetry: true },
    });
  }
}

/** Whether a 404 is about the bucket: a missing object is an answer, a missing bucket never. HEAD has headers only. */
const namesBucket = ({ headers }: http.IncomingMessage, body: Buffer): boolean =>
  headers['x-minio-error-code'] === 'NoSuchBucket' || body.includes('NoSuchBucket');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
