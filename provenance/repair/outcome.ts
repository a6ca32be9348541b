import type { ActionKey, ActionRecord } from '../../core/action.ts';
import type { Replayed, ReplayJob } from '../../engine/replay/job.ts';
import type { Flaw, Store } from '../../store/index.ts';

/** What became of a flaw. */
export interface Repair {
  readonly flaw: Flaw;
  readonly outcome: 'repaired' | 'dropped' | 'cannot';
  /** How, or why not. */
  readonly how: string;
}

export interface RepairTools {
  readonly store: Store;
  /** Root of the checkout, for source files. */
  readonly checkout: string;
  /** Does actions again, their outputs written into the store. */
  rebuild(jobs: readonly ReplayJob[]): AsyncIterable<Replayed>;
  tell(what: string): void;
}

/** Every record of the store by its action, also those whose own object is damaged and that have a copy. */
export type Records = ReadonlyMap<ActionKey, readonly ActionRecord[]>;

export const repaired = (flaw: Flaw, how: string): Repair => ({ flaw, outcome: 'repaired', how });
export const cannot = (flaw: Flaw, how: string): Repair => ({ flaw, outcome: 'cannot', how });
