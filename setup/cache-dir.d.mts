import type { Env } from './layout.mjs';

export const cacheDir: (env: Env) => string;
