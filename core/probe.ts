import type { Known } from './estimate.ts';

/** A piece of an action's work on made-up data, by which a machine's speed is measured. */
export interface Probe {
  /** Multiplications of one piece, each with an addition. */
  readonly multiplyAdds: number;
  /** Does it once, and returns when it is done. */
  run(): void;
  dispose(): void;
}

/** What `probe.ts` of a stage kind exports: the work that its actions repeat, at the size of their networks. It reads no data. */
export type ProbeStage<P = never> = (params: P, known: Known) => Probe;
