import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { signV4 } from 'minio/dist/esm/signing.mjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hexOf } from '../../core/digest.ts';
import { hash } from '../../store/hash.ts';
import { openStore } from '../../store/index.ts';
import { S3Objects } from '../../store/s3.ts';
import type { S3Config } from '../../store/s3-config.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';

let minio: TestMinio;
beforeAll(async () => {
  minio = await startMinio();
});
afterAll(() => minio?.stop());

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const listen = async (server: net.Server): Promise<string> => {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A client that gives up soon. */
const client = (endpoint: string, change: Partial<S3Config> = {}): S3Objects =>
  new S3Objects({ ...minio.config, endpoint, attempts: 3, backoffMs: 5, idleMs: 10_000, ...change });

/** Passes bytes to MinIO and back. `up` sees each chunk of a connection's request: `undefined` cuts the line. */
const proxy = (up: (chunk: Buffer, connection: number) => Buffer | undefined): Promise<string> => {
  let connections = 0;
  const { port } = new URL(minio.config.endpoint);
  return listen(
    net.createServer((near) => {
      const connection = connections++;
      const far = net.connect(Number(port), '127.0.0.1').on('error', () => {});
      far.pipe(near);
      near.on('close', () => far.destroy());
      near.on('data', (chunk) => {
        const passed = up(chunk, connection);
        if (passed) far.write(passed);
        else near.destroy();
      });
    }),
  );
};

describe('uploads', () => {
  it('that change on the way are refused, and nothing is stored', async () => {
    const body = Buffer.alloc(1000, 'a');
    const change = (chunk: Buffer) => chunk.toString('latin1').replace('a'.repeat(500), `b${'a'.repeat(499)}`);
    const endpoint = await proxy((chunk) => Buffer.from(change(chunk), 'latin1'));
    await expect(client(endpoint).put('changed', body)).rejects.toMatchObject({ code: 'StoreRefused' });
    expect(await client(minio.config.endpoint).has('changed')).toBe(false);
  });

  it('with a checksum that is not theirs are refused by the server itself', async () => {
    const { accessKey, secretKey, bucket, endpoint } = minio.config;
    const put = async (checksum: Buffer): Promise<number> => {
      const date = new Date();
      const headers: Record<string, string> = {
        host: new URL(endpoint).host,
        'x-amz-date': date.toISOString().replace(/[:-]|\.\d{3}/g, ''),
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-amz-checksum-sha256': checksum.toString('base64'),
      };
      const request = { method: 'PUT', path: `/${bucket}/checked`, headers, protocol: 'http:' };
      headers.authorization = signV4(request as never, accessKey, secretKey, 'us-east-1', date, 'UNSIGNED-PAYLOAD');
      return (await fetch(`${endpoint}/${bucket}/checked`, { method: 'PUT', headers, body: 'abc' })).status;
    };
    expect(await put(Buffer.from(hexOf(hash(Buffer.from('abd'))), 'hex'))).toBe(400);
    expect(await client(endpoint).has('checked')).toBe(false);
    expect(await put(Buffer.from(hexOf(hash(Buffer.from('abc'))), 'hex'))).toBe(200);
  });

  it('that carry another digest than their own are refused', async () => {
    const digest = hash(Buffer.from('other'));
    const put = client(minio.config.endpoint).put('digest', Buffer.from('this'), { digest });
    await expect(put).rejects.toMatchObject({ code: 'StoreRefused', retryable: false });
  });

  it('name their size, type and checksum, and the condition that nothing is there', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.end());
    });
    const objects = client(await listen(server));
    await objects.put('x', Buffer.from('abc'), { mediaType: 'text/plain' });
    await objects.put('x', Buffer.from('abc'), { overwrite: true });
    expect(seen[0]).toMatchObject({
      'content-length': '3',
      'content-type': 'text/plain',
      'if-none-match': '*',
      'x-amz-checksum-sha256': 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
      authorization: expect.stringContaining('SignedHeaders=host;if-none-match;x-amz-checksum-sha256;'),
    });
    expect(seen[1]).not.toHaveProperty('if-none-match');
  });

  it('that are cut off leave nothing, and succeed when the line holds', async () => {
    const bytes = randomBytes(400_000);
    let cuts = 2;
    let sent = 0;
    const endpoint = await proxy((chunk) => {
      sent += chunk.length;
      if (sent < 100_000 || cuts === 0) return chunk;
      cuts--;
      sent = 0;
      return undefined;
    });
    await expect(client(endpoint, { attempts: 1 }).put('cut', bytes)).rejects.toMatchObject({
      code: 'StoreUnreachable',
      retryable: true,
    });
    expect(await client(minio.config.endpoint).has('cut')).toBe(false);
    expect(await client(endpoint).put('cut', bytes)).toBe('written');
    expect((await client(minio.config.endpoint).get('cut'))?.equals(bytes)).toBe(true);
  });

  it('whose answer is lost are found to be there by the next attempt', async () => {
    let lost = false;
    const { port } = new URL(minio.config.endpoint);
    const endpoint = await listen(
      net.createServer((near) => {
        const far = net.connect(Number(port), '127.0.0.1');
        near.pipe(far).on('error', () => {});
        far.on('data', (chunk) => {
          if (lost) return near.write(chunk);
          lost = true;
          near.destroy();
        });
      }),
    );
    expect(await client(endpoint).put('answered', Buffer.from('x'))).toBe('present');
  });

  it('of 20 MiB to a key that is taken are told so', async () => {
    const bytes = Buffer.alloc(20 * 2 ** 20, 1);
    const objects = client(minio.config.endpoint);
    expect(await objects.put('large', bytes)).toBe('written');
    expect(await objects.put('large', bytes)).toBe('present');
  });
});

describe('trouble', () => {
  it('of a server that accepts and says nothing becomes StoreTimeout', async () => {
    let connections = 0;
    const endpoint = await listen(net.createServer(() => void connections++));
    const failed = client(endpoint, { idleMs: 50 }).get('x');
    await expect(failed).rejects.toMatchObject({ code: 'StoreTimeout', retryable: true });
    expect(connections).toBe(3);
  });

  it('of a server that drips bytes for ever becomes StoreTimeout at the deadline', async () => {
    const server = http.createServer((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const objects = client(await listen(server), { deadlineMs: 300 });
    await expect(objects.get('x')).rejects.toMatchObject({ code: 'StoreTimeout', retryable: true });
    await expect(objects.put('x', Buffer.from('x'))).rejects.toMatchObject({ code: 'StoreTimeout' });
  });

  it.each([500, 503, 429])('of status %i is retried, then becomes StoreUnavailable', async (status) => {
    let requests = 0;
    const server = http.createServer((request, response) => {
      requests++;
      request.resume();
      response.writeHead(status).end('<Error><Code>SlowDown</Code><Message>Please &amp; wait</Message></Error>');
    });
    const failed = client(await listen(server)).put('x', Buffer.from('x'));
    await expect(failed).rejects.toMatchObject({
      code: 'StoreUnavailable',
      retryable: true,
      message: expect.stringContaining(`${status} SlowDown: Please & wait`),
      data: { status, s3Code: 'SlowDown' },
    });
    expect(requests).toBe(3);
  });

  it('that passes is not noticed', async () => {
    let requests = 0;
    const server = http.createServer((_, response) => {
      requests++;
      if (requests === 1) response.socket?.destroy();
      else if (requests === 2) response.writeHead(503).end();
      else response.end('bytes');
    });
    expect(await client(await listen(server)).get('x')).toEqual(Buffer.from('bytes'));
  });

  it('of an answer cut off is never taken for a short object', async () => {
    const server = http.createServer((request, response) => {
      if (request.method === 'HEAD') return response.writeHead(404).end();
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    });
    await expect(client(await listen(server)).get('x')).rejects.toMatchObject({ code: 'StoreUnreachable' });
  });

  it('of a full disk is told from other trouble', async () => {
    const server = http.createServer((request, response) => {
      request.resume();
      response.writeHead(507).end('<Error><Code>XMinioStorageFull</Code></Error>');
    });
    const failed = client(await listen(server)).put('x', Buffer.from('x'));
    await expect(failed).rejects.toMatchObject({ code: 'StoreFull', retryable: true });
  });
});

describe('listings', () => {
  it('go on where the page before ended', async () => {
    const objects = client(minio.config.endpoint, { pageSize: 3 });
    const keys = Array.from({ length: 10 }, (_, i) => `pages/${i}%20=~`);
    for (const key of keys) await objects.put(key, Buffer.alloc(0));
    expect(await objects.list('pages/')).toEqual(keys);
  });
});

describe('configuration', () => {
  it('with wrong credentials is StoreDenied, at once and without the secret', async () => {
    const secretKey = 'not-the-secret';
    for (const change of [{ secretKey }, { accessKey: 'nobody', secretKey }]) {
      const error = await openStore({ ...minio.config, ...change }).catch((found) => found);
      expect(error).toMatchObject({ code: 'StoreDenied', retryable: false });
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(secretKey);
    }
  });

  it('with a bucket that is missing is BucketMissing for every call', async () => {
    const objects = client(minio.config.endpoint, { bucket: 'no-such-bucket' });
    const missing = { code: 'BucketMissing', remedy: expect.stringContaining('no-such-bucket') };
    const put = () => objects.put('x', Buffer.from('x'));
    for (const call of [put, () => objects.get('x'), () => objects.has('x'), () => objects.list('x')]) {
      await expect(call()).rejects.toMatchObject(missing);
    }
  });

  it('opens a new bucket, and the same one again, from several processes at once', async () => {
    const config = { ...minio.config, bucket: 'made-when-opened' };
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(config)));
    for (const store of stores) expect(await store.objects.list('')).toEqual([]);
  });

  it('with an endpoint where nothing listens is StoreUnreachable', async () => {
    const endpoint = await listen(net.createServer());
    for (const close of closers.splice(0)) close();
    await expect(client(endpoint).get('x')).rejects.toMatchObject({ code: 'StoreUnreachable', retryable: true });
  });

  it('with an endpoint that is none is refused before anything is sent', () => {
    for (const endpoint of ['127.0.0.1:9000', 'ftp://x', 'http://user:pass@x', 'http://x/path', '']) {
      expect(() => client(endpoint)).toThrow(expect.objectContaining({ code: 'StoreEndpointInvalid' }));
    }
  });
});
