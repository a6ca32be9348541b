import type { Env } from './layout.mjs';

export const addonDir: (env: Env, project: string, variant: 'cpu' | 'gpu') => string;
export const addonInstalled: (env: Env, project: string, variant: 'cpu' | 'gpu') => boolean;
export const packageDir: (project: string) => string;
export const buildAddon: (env: Env, project: string, variant: 'cpu' | 'gpu', log: string) => Promise<void>;
export const installAddon: (
  env: Env,
  project: string,
  variant: 'cpu' | 'gpu',
  log: string,
  tell?: (note: string) => void,
) => Promise<void>;
