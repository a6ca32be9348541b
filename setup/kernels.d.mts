import type { Env } from './layout.mjs';

export interface KernelsState {
  readonly level: string;
  readonly failure?: string;
}
export const kernelsState: (env: Env, project: string, variant: 'cpu' | 'gpu') => KernelsState;
