import type { CheckpointArray } from '../core/checkpoint.ts';
import { stateArrays, stateTensors } from '../nn/compile/arrays.ts';
import type { Step } from '../nn/compile/index.ts';
import { type Tensors, tf } from '../nn/tf.ts';
import { checkFinite } from './finite.ts';
import type { MeanLog, Series } from './log.ts';

/** How a network is judged while it trains, and which of its states the training gives. */
export interface Validation {
  /** Whether the state after this many steps is judged. With `best`, the last step must be among them. */
  due(done: number): boolean;
  /** @param state what the training gives at its end @returns how good it is; more is better */
  judge(state: Tensors, done: number): Promise<number>;
  /** `best`: the training gives the first state of the highest value, not that of the last step. */
  readonly keep: 'last' | 'best';
}

/** The step after which a state was judged, and how good it was. */
export interface Judged {
  readonly step: number;
  readonly value: number;
}

type Arrays = { readonly [name: string]: CheckpointArray };

/** Of the log, and of what a checkpoint holds beside the state. */
const series = 'validation';
const prefix = 'best.';

/** Judges the states of one training, and remembers the best of them. Its memory is that of a second copy of the weights. */
export class Validator {
  readonly #validation: Validation;
  readonly #log: MeanLog;
  readonly #lr: number;
  #best: Arrays;

  /** @param resumed arrays of a checkpoint, if there is one @param lr for the remedy where training diverges */
  constructor(validation: Validation, log: MeanLog, resumed: Arrays, lr: number) {
    this.#validation = validation;
    this.#log = log;
    this.#lr = lr;
    this.#best = Object.fromEntries(
      Object.entries(resumed).flatMap(([name, array]) => (isOfBest(name) ? [[name.slice(prefix.length), array]] : [])),
    );
  }

  /** Judges the state after `done` steps where that is due. Not judged is what a checkpoint of that step holds. */
  async judge(step: Step, done: number, wanted: (name: string) => boolean): Promise<void> {
    const { due, judge, keep } = this.#validation;
    if (!due(done)) return;
    const arrays = stateArrays(step, wanted);
    checkFinite(arrays, done, this.#lr);
    const state = stateTensors(arrays);
    try {
      this.#log.note(done, { [series]: await judge(state, done) });
    } finally {
      tf.dispose(state);
    }
    if (keep === 'best' && bestOf(this.#log.series)?.step === done) this.#best = arrays;
  }

  /** The state to give at the end; nothing where it is that of the last step. The caller disposes it. */
  get chosen(): Tensors | undefined {
    return this.#validation.keep === 'best' ? stateTensors(this.#best) : undefined;
  }

  /** A copy of what a checkpoint must hold: a checkpoint owns its arrays. */
  get arrays(): Arrays {
    return Object.fromEntries(
      Object.entries(this.#best).map(([name, array]) => [`${prefix}${name}`, { ...array, data: array.data.slice() }]),
    );
  }
}

/** Whether an array of a checkpoint belongs to the best state so far, and not to the state to continue from. */
export const isOfBest = (name: string): boolean => name.startsWith(prefix);

/** What a log's validations found, in order. */
export const validations = ({ [series]: judged }: Series): readonly number[] => judged?.values ?? [];

/** The highest value of a log's validation, the first of equals. */
export const bestOf = ({ [series]: judged }: Series): Judged | undefined => {
  if (!judged) return undefined;
  const at = judged.values.indexOf(Math.max(...judged.values));
  return { step: judged.steps[at] as number, value: judged.values[at] as number };
};
