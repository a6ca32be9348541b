import type { PlainError } from '../../core/plain-error.ts';
import type { SaveJob, StoredCheckpoint } from './index.ts';

/** To the thread. */
export interface Order {
  readonly id: number;
  readonly job: SaveJob;
}

/** From the thread. */
export interface Answer {
  readonly id: number;
  readonly stored?: StoredCheckpoint;
  readonly error?: PlainError;
}
