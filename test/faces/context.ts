import { noCheckpoints } from '../../core/checkpoint.ts';
import type { StageContext } from '../../core/stage.ts';
import { memoryStore } from '../helpers/memory-store.ts';

/** A stage's surroundings in memory. */
export const stageContext = (seed = 7): StageContext & { readonly steps: number[] } => {
  const steps: number[] = [];
  return {
    seed,
    store: memoryStore(),
    signal: new AbortController().signal,
    steps,
    checkpoints: noCheckpoints,
    progress: async ({ step }) => void steps.push(step),
    log: () => {},
  };
};
