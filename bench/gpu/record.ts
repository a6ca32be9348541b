import { writeFileSync } from 'node:fs';
import { CemiflowError, type Json, type JsonObject } from '../../core/errors.ts';
import { note } from '../program.ts';

/** How one step of the checks ended. */
export interface StepResult {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly seconds: number;
  /** What it found out; of a failed step, what it had found until then. */
  readonly found?: Json;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
  /** Why it was skipped. */
  readonly why?: string;
}

/** A step that ran to its end and did not find what it should: its findings are kept. */
export class StepFailed extends CemiflowError {
  readonly found: Json;
  constructor(code: string, message: string, options: { remedy: string; found?: Json }) {
    super(code, message, options);
    this.found = options.found ?? null;
  }
}

/** The results of all steps in one JSON file, written after each, so that a run that is cut short leaves what it had. */
export class StepRecord {
  readonly steps: StepResult[] = [];
  readonly #file: string;
  readonly #facts: JsonObject;
  readonly #startedMs = Date.now();

  constructor(file: string, facts: JsonObject) {
    this.#file = file;
    this.#facts = facts;
    this.#write();
  }

  get elapsedSeconds(): number {
    return (Date.now() - this.#startedMs) / 1000;
  }

  /** @returns what the work found; undefined where it failed */
  async step<T extends Json>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    note(`[${this.elapsedSeconds.toFixed(0).padStart(4)} s] ${name} …`);
    const started = Date.now();
    const seconds = (): number => (Date.now() - started) / 1000;
    try {
      const found = await work();
      this.#add({ name, state: 'ok', seconds: seconds(), found });
      return found;
    } catch (error) {
      const { code = 'Unexpected', remedy = 'see the message' } = error as Partial<CemiflowError>;
      const message = error instanceof Error ? error.message : String(error);
      const found = error instanceof StepFailed ? error.found : undefined;
      this.#add({ name, state: 'failed', seconds: seconds(), found, error: { code, message, remedy } });
      return undefined;
    }
  }

  skip(name: string, why: string): void {
    this.#add({ name, state: 'skipped', seconds: 0, why });
  }

  #add(result: StepResult): void {
    this.steps.push(result);
    this.#write();
    const { name, state, seconds, error, why } = result;
    note(`         ${name}: ${state} after ${seconds.toFixed(1)} s${why ? `: ${why}` : ''}`);
    if (error) note(`         error[${error.code}]: ${error.message}\n           remedy: ${error.remedy}`);
  }

  #write(): void {
    const { elapsedSeconds, steps } = this;
    writeFileSync(this.#file, `${JSON.stringify({ ...this.#facts, elapsedSeconds, steps }, null, 2)}\n`);
  }
}
