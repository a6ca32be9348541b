import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
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
      // A small answer is one chunk, and needs no copy.
      if (chunk.length === declaredBy(response)) bytes = chunk;
      else {
        if (needed > bytes.length) bytes = grown(bytes, used, sizeFor(response, needed, limit));
        chunk.copy(bytes, used);
      }
      hash?.update(chunk);
      used = needed;
    });
    response.on('end', () =>
      resolve({ bytes: bytes.subarray(0, used), digest: hash && `sha256:${hash.digest('hex')}` }),
    );
    response.on('error', reject);
  });

/** What was declared; without that, or with less than comes, twice as much as is needed now. */
const sizeFor = (response: IncomingMessage, needed: number, limit: number): number => {
  const declared = declaredBy(response);
  return Math.min(limit, declared >= needed ? declared : 2 * needed);
};

const declaredBy = ({ headers }: IncomingMessage): number => Number(headers['content-length'] ?? 0);

const grown = (bytes: Buffer, used: number, size: number): Buffer => {
  const larger = Buffer.allocUnsafeSlow(size);
  bytes.copy(larger, 0, 0, used);
  return larger;
};
