import type { ActionRecord } from './action.ts';
import type { ArtifactStore } from './stage.ts';

/** Numbers that were computed again from what an action stored. */
export interface Recomputed {
  /** The output that holds them. */
  readonly output: string;
  /** As the stage itself would store them: as metrics, or in the manifest of another artifact. */
  readonly metrics: object;
  /** What they were computed from, for people: `from pair scores`. */
  readonly from: string;
}

/**
 * Computes the numbers of a finished action again, without a GPU: what `recompute.ts` of a stage kind exports. It must come to
 * the very numbers that the stage stored.
 */
export type Recompute = (
  record: ActionRecord,
  store: Pick<ArtifactStore, 'getArtifact' | 'getBlob'>,
) => Promise<Recomputed>;
