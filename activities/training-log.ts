/** Lines of a training log: the step at which a window ended, and the mean over it. */
export interface Series {
  [name: string]: { steps: number[]; values: number[] };
}

/** Means of each metric over windows of steps. */
export class MeanLog {
  readonly series: Series = {};
  readonly #window: number;
  #sums: Record<string, number> = {};
  #count = 0;

  /** @param window in steps */
  constructor(window: number) {
    this.#window = window;
  }

  /** @param step number of the step, from 1 */
  add(step: number, metrics: { readonly [name: string]: number }): void {
    for (const [name, value] of Object.entries(metrics)) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    if (++this.#count === this.#window) this.close(step);
  }

  /** Ends the window under way, if it has begun. */
  close(step: number): void {
    if (this.#count === 0) return;
    for (const [name, sum] of Object.entries(this.#sums)) {
      this.series[name] ??= { steps: [], values: [] };
      const line = this.series[name];
      line.steps.push(step);
      line.values.push(sum / this.#count);
    }
    this.#sums = {};
    this.#count = 0;
  }
}
