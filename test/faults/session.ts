import { randomStream } from '../../core/random.ts';
import type { Fault, Outcome } from './fault.ts';
import { Lab, type Undisturbed } from './lab.ts';

/** One trial as the JSON keeps it. */
export interface Trial extends Outcome {
  readonly index: number;
  /** When it began; ISO 8601. */
  readonly date: string;
  /** What it took in all. */
  readonly seconds: number;
  /** Times before it that what was to be harmed had ended when the moment came. */
  readonly missed: number;
}

export interface Series {
  readonly name: string;
  readonly harm: string;
  readonly trials: readonly Trial[];
}

export interface SessionOptions {
  readonly spec?: string;
  /** Of the moments. */
  readonly seed?: number;
  readonly note?: (text: string) => void;
}

/** A moment may come too late; so many times in a row say that something else is wrong. */
const mostMissed = 8;

/** Trials of several faults, one after the other, on labs that stay up between them. */
export class Session {
  readonly #options: SessionOptions;
  #lab: Lab | undefined;
  #undisturbed: Undisturbed | undefined;

  constructor(options: SessionOptions = {}) {
    this.#options = options;
  }

  /** Known once a first trial was made. */
  get undisturbed(): Undisturbed | undefined {
    return this.#undisturbed;
  }

  /**
   * @param indices of the trials: another index is another kind and another moment
   * @param onTrial called after every trial with the series so far
   */
  async run(fault: Fault, indices: readonly number[], onTrial: (series: Series) => void = () => {}): Promise<Series> {
    const { note = () => {} } = this.#options;
    const { name, harm } = fault;
    const trials: Trial[] = [];
    for (const index of indices) {
      const trial = await this.#trial(fault, index);
      trials.push(trial);
      const broken = Object.keys(trial.checks).filter((promise) => !trial.checks[promise]);
      const end = broken.length > 0 ? `BROKEN: ${broken.join(', ')}` : 'held';
      note(`${name} ${trials.length}/${indices.length}, ${trial.seconds.toFixed(0)} s: ${trial.happened}: ${end}`);
      onTrial({ name, harm, trials });
    }
    return { name, harm, trials };
  }

  async #trial(fault: Fault, index: number): Promise<Trial> {
    const date = new Date().toISOString();
    const startedAt = performance.now();
    const ended = ({ said, ...outcome }: Outcome, missed: number): Trial => {
      const seconds = (performance.now() - startedAt) / 1000;
      const held = Object.values(outcome.checks).every(Boolean);
      return { index, date, seconds, missed, ...outcome, ...(held ? {} : { said }) };
    };
    let missed = 0;
    try {
      for (; missed <= mostMissed; missed++) {
        const { lab, undisturbed } = await this.#ready(fault);
        const draw = randomStream(this.#options.seed ?? 1, fault.name, index, missed);
        const outcome = await fault.trial({ lab, undisturbed, index, draw });
        if (outcome) return ended(outcome, missed);
        this.#undisturbed = { ...undisturbed, seconds: shorter(undisturbed.seconds, await lab.seconds()) };
      }
      return ended(broken(`the moment was missed ${missed} times`), missed);
    } catch (error) {
      // The next trial begins on sound ground.
      await this.close();
      return ended(broken(error instanceof Error ? (error.stack ?? error.message) : String(error)), missed);
    }
  }

  /** The lab that the fault needs, with services up. The first one of a session shows how an undisturbed run ends. */
  async #ready({ proxied = false }: Fault): Promise<{ lab: Lab; undisturbed: Undisturbed }> {
    if (this.#lab && (this.#lab.proxy !== undefined) !== proxied) await this.close();
    this.#lab ??= await Lab.open({ spec: this.#options.spec, proxied });
    const lab = this.#lab;
    await lab.tidy();
    this.#undisturbed ??= await lab.undisturbed();
    return { lab, undisturbed: this.#undisturbed };
  }

  async close(): Promise<void> {
    const lab = this.#lab;
    this.#lab = undefined;
    await lab?.close();
  }
}

/** A warm worker is quicker than the first run's: moments are drawn from the shortest time seen. */
const shorter = (before: Undisturbed['seconds'], now: Undisturbed['seconds']): Undisturbed['seconds'] =>
  Object.fromEntries(Object.entries(before).map(([kind, seconds]) => [kind, Math.min(seconds, now[kind] ?? seconds)]));

const broken = (happened: string): Outcome => ({
  at: '',
  happened,
  checks: { 'trial came to an end': false },
  figures: {},
});
