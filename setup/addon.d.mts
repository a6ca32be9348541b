import type { Env } from './layout.mjs';

export const addonDir: (env: Env, project: string, variant: 'cpu' | 'gpu') => string;
export const addonInstalled: (env: Env, project: string, variant: 'cpu' | 'gpu') => boolean;
export const packageDir: (project: string) => string;
