import type { RunEstimates } from '../core/run-record.ts';
import type { Schedule } from './schedule.ts';
import type { BudgetRequest, BudgetWait, ExperimentInput, RunProgress } from './types.ts';

/** What a run has spent of compute time, and what it may spend. Pure: no clock, no Temporal. */
export class Budget {
  #spentSeconds: number;
  #estimates: RunEstimates;
  /** Absent where the run may spend what it needs. */
  #seconds: number | undefined;

  constructor({ budgetSeconds, spentSeconds = 0, estimates = {} }: ExperimentInput) {
    this.#seconds = budgetSeconds;
    this.#spentSeconds = spentSeconds;
    this.#estimates = estimates;
  }

  /** @param estimates of the nodes that are not made; those that it lacks stay as they were */
  set({ seconds, estimates = {} }: BudgetRequest): void {
    this.#seconds = seconds;
    this.#estimates = { ...this.#estimates, ...estimates };
  }

  spend(seconds = 0): void {
    this.#spentSeconds += seconds;
  }

  /**
   * Why nothing starts: the next node would exceed the budget, on top of what is spent and what is under way is expected to take.
   *
   * @returns undefined where something may start, or nothing is ready
   */
  waits(schedule: Schedule): BudgetWait | undefined {
    if (this.#seconds === undefined) return undefined;
    const next = schedule.next()?.node.id;
    if (next === undefined) return undefined;
    const runningSeconds = schedule.running().reduce((sum, id) => sum + this.#expected(id), 0);
    const estimatedSeconds = this.#expected(next);
    const exceeds = this.#spentSeconds + runningSeconds + estimatedSeconds > this.#seconds;
    return exceeds ? { stage: next, estimatedSeconds, runningSeconds } : undefined;
  }

  progress(schedule: Schedule): Pick<RunProgress, 'spentSeconds' | 'budget'> {
    const [seconds, waits] = [this.#seconds, this.waits(schedule)];
    return {
      spentSeconds: this.#spentSeconds,
      ...(seconds !== undefined && { budget: { seconds, ...(waits && { waits }) } }),
    };
  }

  /** 0 where nothing is known of it: what it took counts once it has ended. */
  #expected(id: string): number {
    return this.#estimates[id]?.seconds ?? 0;
  }
}
