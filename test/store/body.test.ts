import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Body, readBody } from '../../store/body.ts';
import { hash } from '../../store/hash.ts';

let server: http.Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** What `readBody` makes of an answer that a real server gives. */
const read = async (
  answer: http.RequestListener,
  options: { limit?: number; hashed?: boolean } = {},
): Promise<Body> => {
  server = http.createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ host: '127.0.0.1', port }, resolve).on('error', reject);
  });
  return readBody(response, { limit: 2 ** 22, hashed: true, ...options });
};

const bytes = Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => i % 251));

describe('a body', () => {
  it('of a declared length comes whole, in a buffer of its size, with its digest', async () => {
    const body = await read((_, response) => void response.setHeader('content-length', bytes.length).end(bytes));
    expect(body.bytes.equals(bytes)).toBe(true);
    expect(body.bytes.buffer.byteLength).toBe(bytes.length);
    expect(body.digest).toBe(hash(bytes));
  });

  it('of no declared length comes whole, however it is cut', async () => {
    const body = await read(async (_, response) => {
      for (let at = 0; at < bytes.length; at += 77_777) {
        response.write(bytes.subarray(at, at + 77_777));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect(body.bytes.equals(bytes)).toBe(true);
    expect(body.digest).toBe(hash(bytes));
  });

  it('that is empty has the digest of nothing', async () => {
    const body = await read((_, response) => void response.end());
    expect(body).toEqual({ bytes: Buffer.alloc(0), digest: hash(Buffer.alloc(0)) });
  });

  it('is not hashed unless asked for', async () => {
    expect((await read((_, response) => void response.end('a'), { hashed: false })).digest).toBeUndefined();
  });

  it('over the limit is refused', async () => {
    const over = read((_, response) => void response.end(bytes), { limit: 1_000_000 });
    await expect(over).rejects.toThrow('over 1000000 bytes');
  });

  it('that breaks off is an error, not a shorter body', async () => {
    const broken = read((_, response) => {
      response.setHeader('content-length', bytes.length).write(bytes.subarray(0, 70_000), () => response.destroy());
    });
    await expect(broken).rejects.toThrow();
  });
});
