import type { ActionKey, ActionRecord, Machine, Outputs } from '../../core/action.ts';
import type { JsonObject } from '../../core/errors.ts';

/** One action to be done again. */
export interface ReplayJob {
  /** What it is to people: `verify[m=0.5]`, `synthetic[m=1]#3`, `teacher, steps 100 to 200`. */
  readonly name: string;
  readonly record: ActionRecord;
  /** Outputs of its shards, in order, where it joins some. */
  readonly shards?: readonly Outputs[];
  /** Only cuts the stage into shards again, which must be the shards that it has; what cutting makes for them is made. */
  readonly cut?: true;
  /** From one kept checkpoint to the next alone; from 0, the start, to the first one; without `to`, from the last one to the end. */
  readonly interval?: { readonly from: number; readonly to?: number };
}

/**
 * - `check`: what is made stays in memory, and is compared with what the record says
 * - `rebuild`: what is made goes into the store, in the place of what is damaged there
 */
export type ReplayMode = 'check' | 'rebuild';

/** `cannot`: it was not done, so that nothing is known. */
export type Verdict = 'same' | 'within tolerance' | 'different' | 'cannot';

export interface Replayed {
  readonly name: string;
  readonly key: ActionKey;
  readonly verdict: Verdict;
  /** What differed and by how much, or why it could not be done. */
  readonly why?: string;
  readonly seconds: number;
  /** What a cut gave: the params of each shard. */
  readonly shards?: readonly JsonObject[];
}

/** Whether two machines must give equal bytes: the same CPU, library, kernels, device and threads. What used no tensors always must. */
export const sameKind = (a: Machine, b: Machine): boolean => {
  const { tensorflow: left } = a;
  const { tensorflow: right } = b;
  if (!left || !right) return !left;
  const facts = (machine: Machine, tensorflow: NonNullable<Machine['tensorflow']>): string =>
    JSON.stringify([
      machine.cpu,
      machine.instructions,
      tensorflow.library,
      tensorflow.device,
      tensorflow.kernels ?? 'composed',
      tensorflow.gpu?.name,
      tensorflow.gpu?.driver,
      // CPUs have no TF32, whatever the flag says: it was on in earlier releases.
      ...Object.entries(tensorflow.flags)
        .filter(([name]) => name !== 'tf32' || tensorflow.device === 'gpu')
        .sort(),
    ]);
  return facts(a, left) === facts(b, right);
};
