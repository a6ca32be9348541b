import type { Drawing, ReportHead, Skipped } from './block.ts';
import type { SoFar } from './so-far.ts';
import type { Source } from './sources.ts';

/** Everything that a report shows, with the artifact that each number and picture came from. No times, no hosts. */
export interface ReportModel extends ReportHead {
  /** What the report was made without; absent where nothing was skipped. */
  readonly skipped?: readonly Skipped[];
  /** What a report of a run that is not done still lacks; absent in a finished report. */
  readonly soFar?: SoFar;
  /** In the order of the page. */
  readonly blocks: readonly BlockContent[];
  readonly sources: readonly Source[];
}

/** One block, read and drawn. */
export interface BlockContent {
  readonly name: string;
  readonly drawing: Drawing;
  /** Its part of `report.json`. */
  readonly numbers: unknown;
  readonly style: string;
}
