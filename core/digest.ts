import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical.ts';
import type { Json } from './errors.ts';

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;

/** Digest of small bytes, in plain JavaScript so that workflows can use it too. Large blobs: `store/hash.ts`. */
export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${bytesToHex(sha256(typeof bytes === 'string' ? utf8ToBytes(bytes) : bytes))}`;

/** Digest of a JSON value's canonical form. */
export const digestOfJson = (value: Json): Digest => digestOf(canonicalJson(value));

const pattern = /^sha256:[0-9a-f]{64}$/;
export const isDigest = (value: unknown): value is Digest => typeof value === 'string' && pattern.test(value);

/** The hex part alone, and a short form for people. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
export const shortDigest = (digest: Digest): string => hexOf(digest).slice(0, 12);
