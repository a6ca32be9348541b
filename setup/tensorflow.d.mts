import type { Env } from './layout.mjs';

export const tensorflowVariant: (env: Env) => Promise<'cpu' | 'gpu'>;
