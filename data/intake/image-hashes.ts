import { createHash } from 'node:crypto';

/** 64 bits of an image's digest: enough to tell all images of several sets apart. */
export const hash64 = (bytes: Uint8Array): bigint => createHash('sha256').update(bytes).digest().readBigInt64LE(0);

/** What duplicates are found by. @returns int32 [4]: 64 bits each of the digests of the file and of the decoded pixels */
export const imageHashes = (file: Uint8Array, pixels: Uint8Array): Int32Array =>
  new Int32Array(BigInt64Array.of(hash64(file), hash64(pixels)).buffer);
