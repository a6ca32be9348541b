import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';

/** Digest of bytes of any size, by OpenSSL. */
export const hash = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
