import { hash as hashOnce } from 'node:crypto';
import type { Digest } from '../core/digest.ts';

/** Digest of bytes of any size, by OpenSSL. */
export const hash = (bytes: Uint8Array): Digest => `sha256:${hashOnce('sha256', bytes, 'hex')}`;
