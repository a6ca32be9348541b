import type { Lab, Undisturbed } from './lab.ts';

/** What a trial found. */
export interface Outcome {
  /** The stage kind that was disturbed. */
  readonly at: string;
  /** What happened, and how far the work had come; for people. */
  readonly happened: string;
  /** Whether what was promised held, by its name in the table. */
  readonly checks: { readonly [promise: string]: boolean };
  /** By their names in the table, which hold the unit. */
  readonly figures: { readonly [name: string]: number };
  /** The last words of a run that did not come to its end. */
  readonly said?: string;
}

/** What a trial works with. */
export interface Ground {
  readonly lab: Lab;
  readonly undisturbed: Undisturbed;
  /** From 0. */
  readonly index: number;
  /** Uniform numbers in [0, 1): the trial's own, the same in every session. */
  readonly draw: () => number;
}

/** A kind of harm, and what must come of it. */
export interface Fault {
  readonly name: string;
  /** One line for the table. */
  readonly harm: string;
  /** Of a full session. */
  readonly trials: number;
  /** Whether the workers reach the store through the proxy. */
  readonly proxied?: boolean;
  /** @returns nothing where the moment was missed: what was to be harmed had ended */
  trial(ground: Ground): Promise<Outcome | undefined>;
}

/** Whether every node has the outputs of the undisturbed run. */
export const isEqual = async (lab: Lab, { outputs }: Undisturbed): Promise<boolean> => {
  const now = await lab.outputs();
  return Object.keys(outputs).every((id) => now[id] === outputs[id]);
};

/** One of several in turn. */
export const turn = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** One of several by lot. */
export const pick = <T>(list: readonly T[], draw: () => number): T => list[Math.floor(draw() * list.length)] as T;
