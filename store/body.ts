import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import type { Digest } from '../core/digest.ts';

export interface Body {
  readonly bytes: Buffer;
  /** Digest of the bytes, where it was asked for. */
  readonly digest?: Digest;
}

const nothing = Buffer.alloc(0);

/**
 * The body of an answer, in one piece from the beginning, and hashed as it comes: a second pass over 64 MiB would find
 * them out of the processor's caches, and the server idle. Node rejects by itself when fewer bytes come than declared.
 *
 * @param limit in bytes
 */
export const readBody = (
  response: IncomingMessage,
  { limit, hashed }: { readonly limit: number; readonly hashed: boolean },
): Promise<Body> =>
  new Promise((resolve, reject) => {
    const hash = hashed ? createHash('sha256') : undefined;
    let bytes: Buffer = nothing;
    let used = 0;
    response.on('data', (chunk: Buffer) => {
      const needed = used + chunk.length;
      if (needed > limit) return void response.destroy(new Error(`an answer of over ${limit} bytes`));
      if (needed > bytes.length) bytes = grown(bytes, used, sizeFor(response, needed, limit));
      chunk.copy(bytes, used);
      hash?.update(chunk);
      used = needed;
    });
    finished(response, (error) => {
      if (error) return reject(error);
      resolve({ bytes: bytes.subarray(0, used), digest: hash && `sha256:${hash.digest('hex')}` });
    });
  });

/** What was declared; without that, or with less than comes, twice as much as is needed now. */
const sizeFor = ({ headers }: IncomingMessage, needed: number, limit: number): number => {
  const declared = Number(headers['content-length'] ?? 0);
  return Math.min(limit, declared >= needed ? declared : 2 * needed);
};

const grown = (bytes: Buffer, used: number, size: number): Buffer => {
  const larger = Buffer.allocUnsafeSlow(size);
  bytes.copy(larger, 0, 0, used);
  return larger;
};
