import type { JsonObject } from '../core/errors.ts';

/** The curves of a training log, by metric: the step at which each window ended, and the mean over it. */
export interface Series {
  [name: string]: { steps: number[]; values: number[] };
}

/** What a resumed log continues from. */
interface LogState {
  readonly series: Series;
  /** Of the window that has begun. */
  readonly sums: { readonly [name: string]: number };
  readonly count: number;
}

/** Collects the mean of each metric over windows of steps. */
export class MeanLog {
  readonly series: Series = {};
  readonly #window: number;
  #sums: Record<string, number> = {};
  #count = 0;

  /** @param window in steps @param state of a log with the same window, to continue it */
  constructor(window: number, state?: JsonObject) {
    this.#window = window;
    if (!state) return;
    const { series, sums, count } = structuredClone(state) as unknown as LogState;
    this.series = series;
    this.#sums = { ...sums };
    this.#count = count;
  }

  /** A copy of all that `new MeanLog(window, state)` needs to continue. */
  get state(): JsonObject {
    const { series } = this;
    return structuredClone({
      series,
      sums: this.#sums,
      count: this.#count,
    } satisfies LogState) as unknown as JsonObject;
  }

  /** @param step number of the step, from 1 */
  add(step: number, metrics: { readonly [name: string]: number }): void {
    for (const [name, value] of Object.entries(metrics)) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    if (++this.#count === this.#window) this.close(step);
  }

  /** Adds values of this very step, which are no means: what was measured between two steps. */
  note(step: number, values: { readonly [name: string]: number }): void {
    for (const [name, value] of Object.entries(values)) {
      this.series[name] ??= { steps: [], values: [] };
      const line = this.series[name];
      line.steps.push(step);
      line.values.push(value);
    }
  }

  /** Ends the window that has begun, if any. */
  close(step: number): void {
    if (this.#count === 0) return;
    for (const [name, sum] of Object.entries(this.#sums)) this.note(step, { [name]: sum / this.#count });
    this.#sums = {};
    this.#count = 0;
  }
}
