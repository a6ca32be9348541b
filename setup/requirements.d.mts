import type { Versions } from './layout.mjs';

export const nodeTrouble: (version: string, range: Versions['node']) => string | undefined;
/** Infinite when it cannot be told. */
export const freeBytes: (path: string) => number;
