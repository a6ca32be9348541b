import type { Env } from './layout.mjs';

export const tensorflowVariant: (env: Env) => Promise<'cpu' | 'gpu'>;
export const installTensorflow: (
  env: Env,
  variant: 'cpu' | 'gpu',
  log: string,
  tell?: (note: string) => void,
  wants?: (wheel: string) => boolean,
) => Promise<void>;
