import { hostname } from 'node:os';
import type { ActionKey } from '../core/action.ts';
import {
  type Attempt,
  type Checkpoint,
  type CheckpointInterval,
  defaultCheckpointInterval,
  type StageCheckpoints,
} from '../core/checkpoint.ts';
import { CemiflowError } from '../core/errors.ts';
import { isoTime } from '../core/time.ts';
import type { ActionState, CheckpointWriter, OpenAttempt, Store } from '../store/index.ts';
import type { Heartbeat, Told } from './watch.ts';

export interface AttemptSetup {
  readonly key: ActionKey;
  readonly store: Pick<Store, 'checkpoints'>;
  readonly writer: CheckpointWriter;
  /** Every two minutes unless told. */
  readonly interval?: CheckpointInterval;
  /** Of this try alone: tells apart tries of the same number. */
  readonly id: string;
  /** Temporal's number. */
  readonly attempt: number;
  /** The last heartbeat of the attempt before this one, where Temporal knows it. */
  readonly before?: Heartbeat;
  tell(told: Told): void;
  log(message: string): void;
}

/**
 * One try at an action: takes up what earlier ones left in the store, and leaves its own. The store is asked once at the
 * beginning, and written to only where there is something to resume or to record: most actions do neither.
 */
export class ActionAttempt implements StageCheckpoints {
  readonly #setup: AttemptSetup;
  readonly #own: OpenAttempt;
  readonly #interval: CheckpointInterval;
  /** What earlier attempts left in the store; asked for once. */
  readonly #left: Promise<ActionState | undefined>;
  /** The state when this attempt wrote itself down as the owner; later writes do not reach it. */
  #claim: Promise<ActionState> | undefined;
  #writing: Promise<void> | undefined;
  #takenOver = false;
  #fromStep: number | undefined;
  #step: number | undefined;
  #saved = { step: 0, atMs: performance.now() };
  readonly #warnings: string[] = [];

  constructor(setup: AttemptSetup) {
    this.#setup = setup;
    this.#interval = setup.interval ?? defaultCheckpointInterval;
    this.#own = {
      id: setup.id,
      attempt: setup.attempt,
      host: hostname(),
      pid: process.pid,
      startedAt: isoTime(Date.now()),
      warnings: [],
    };
    this.#left = setup.store.checkpoints.read(setup.key).catch((error) => this.#passOver(error));
    // Asked for by `begin`; until then nobody listens.
    this.#left.catch(() => {});
  }

  /** Where there was an attempt before this one, closes it in the store and takes the action over. */
  async begin(): Promise<void> {
    if ((await this.#left) || this.#setup.attempt > 1) await this.#claimed();
  }

  async resume(): Promise<Checkpoint | undefined> {
    const { store, key, tell } = this.#setup;
    const { checkpoints } = await this.#claimed();
    let found: Checkpoint | undefined;
    for (const stored of checkpoints) {
      found = await store.checkpoints.load(key, stored).catch((error) => this.#passOver(error));
      if (found) break;
    }
    this.#fromStep = found?.step ?? 0;
    this.#step = this.#fromStep;
    this.#saved = { step: this.#fromStep, atMs: performance.now() };
    await this.#change({});
    tell({ resumedFrom: found?.step, toStep: this.#step });
    return found;
  }

  due(step: number): boolean {
    this.#step = step;
    this.#setup.tell({ toStep: step });
    if (this.#writing || this.#takenOver || step === this.#saved.step) return false;
    const { everySeconds = Number.POSITIVE_INFINITY, everySteps = Number.POSITIVE_INFINITY } = this.#interval;
    const seconds = (performance.now() - this.#saved.atMs) / 1000;
    return seconds >= everySeconds || step - this.#saved.step >= everySteps;
  }

  save(checkpoint: Checkpoint): void {
    this.#saved = { step: checkpoint.step, atMs: performance.now() };
    const before = this.#writing;
    const writing = this.#write(checkpoint, before).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
  }

  async settled(): Promise<void> {
    await this.#writing;
  }

  async keep(name: string, make: () => Promise<Checkpoint['arrays']>): Promise<Checkpoint['arrays']> {
    const { store, key, log } = this.#setup;
    const stored = (await this.#claimed()).kept[name];
    const found = stored && (await store.checkpoints.getArrays(key, stored).catch((error) => this.#passOver(error)));
    if (found) return found;
    const arrays = await make();
    try {
      const content = await store.checkpoints.putArrays(key, arrays);
      await store.checkpoints.change(key, this.#own.id, (state) => ({
        ...state,
        kept: { ...state.kept, [name]: content },
      }));
    } catch (error) {
      log(`${name} could not be kept for another attempt: ${error}`);
    }
    return arrays;
  }

  /** All attempts so far, for the record; this one made the outputs. */
  async attempts(): Promise<Attempt[]> {
    const earlier = this.#claim ? (await this.#claim).attempts.slice(0, -1) : [];
    const own = { ...this.#own, ...this.#steps(), endedAt: isoTime(Date.now()), end: 'done' };
    return [...earlier, own].map(({ id, checkpointedAt, ...attempt }) => attempt as Attempt);
  }

  /**
   * Seconds of work of earlier attempts that no checkpoint had kept, at least: a lost one that was never heard of counts as
   * none.
   */
  async lostSeconds(): Promise<number> {
    return this.#claim ? lostSeconds((await this.#claim).attempts) : 0;
  }

  /** The action has its record: nothing of this is needed any more. */
  async finish(): Promise<void> {
    if (!this.#claim && !(await this.#left)) return;
    await this.#setup.store.checkpoints.remove(this.#setup.key).catch((error) => {
      this.#setup.log(`checkpoints are left behind: ${error}`);
    });
  }

  /** The attempt ends without outputs. @param end as in `Attempt` */
  async fail(end: string): Promise<void> {
    await this.settled();
    try {
      await this.#claimed();
      await this.#change({ end, endedAt: isoTime(Date.now()) });
    } catch (error) {
      this.#setup.log(`the end of the attempt could not be written down: ${error}`);
    }
  }

  #claimed(): Promise<ActionState> {
    this.#claim ??= this.#takeOver();
    // A store that was away for a moment may be asked again.
    this.#claim.catch(() => {
      this.#claim = undefined;
    });
    return this.#claim;
  }

  async #takeOver(): Promise<ActionState> {
    const { store, key, before, tell } = this.#setup;
    const left = await this.#left;
    const attempts = [...closed(left?.attempts ?? [], before), this.#own];
    const { checkpoints = [], kept = {} } = left ?? {};
    const state = { key, owner: this.#own.id, attempts, checkpoints, kept };
    await store.checkpoints.write(state);
    const lost = lostSeconds(attempts);
    if (lost > 0) tell({ lostSeconds: lost });
    return state;
  }

  async #write(checkpoint: Checkpoint, before: Promise<void> | undefined): Promise<void> {
    const { key, writer, tell, log } = this.#setup;
    const { step } = checkpoint;
    try {
      await before;
      await this.#claimed();
      const stored = await writer.save({ key, owner: this.#own.id, checkpoint });
      if (stored) tell({ checkpoint: { step, atMs: Date.parse(stored.at), digest: stored.digest } });
      else {
        this.#takenOver = !(await this.#reclaimed());
        log(`the checkpoint of step ${step} was not written: another attempt had written itself down as the owner`);
      }
    } catch (error) {
      log(`the checkpoint of step ${step} was not written: ${error}`);
    }
  }

  /**
   * An attempt that was taken over may write the state in the very moment in which this one takes it: then it stands there
   * as the owner again. @returns whether that was so, and was put right
   */
  async #reclaimed(): Promise<boolean> {
    const { store, key } = this.#setup;
    const [state, claimed] = [await store.checkpoints.read(key), await this.#claimed()];
    if (!state || !claimed.attempts.slice(0, -1).some(({ id }) => id === state.owner)) return false;
    await store.checkpoints.write({ ...state, owner: this.#own.id, attempts: claimed.attempts });
    return true;
  }

  /** Remembers what was damaged. @throws whatever is no damage */
  #passOver(error: unknown): undefined {
    if (!(error instanceof CemiflowError) || error.code !== 'CheckpointDamaged') throw error;
    this.#warnings.push(error.message);
    this.#setup.log(error.message);
  }

  #steps() {
    return {
      ...(this.#fromStep === undefined ? {} : { fromStep: this.#fromStep }),
      ...(this.#step === undefined ? {} : { toStep: this.#step }),
      warnings: this.#warnings,
    };
  }

  /** Writes down where this attempt stands, unless a later one has taken over. */
  async #change(end: { end?: string; endedAt?: string }): Promise<void> {
    const { store, key } = this.#setup;
    await store.checkpoints.change(key, this.#own.id, (state) => ({
      ...state,
      attempts: state.attempts.map((a) => (a.id === this.#own.id ? { ...a, ...this.#steps(), ...end } : a)),
    }));
  }
}

/** For work that is nobody's action: nothing is kept. */
export const noCheckpoints: StageCheckpoints = {
  resume: async () => undefined,
  due: () => false,
  save: () => {},
  settled: async () => {},
  keep: (_name, make) => make(),
};

/** Attempts that left no word of their end were lost: their last heartbeat tells when and where. */
const closed = (attempts: readonly OpenAttempt[], before: Heartbeat | undefined): OpenAttempt[] => {
  const known = attempts.some(({ id }) => id === before?.attemptId);
  const all = before && !known ? [...attempts, fromHeartbeat(before)] : attempts;
  return all.map((attempt) => {
    if (attempt.end !== undefined) return attempt;
    const last = attempt.id === before?.attemptId ? before : undefined;
    const toStep = Math.max(attempt.toStep ?? 0, last?.toStep ?? 0);
    const endedAt = last ? isoTime(last.atMs) : (attempt.checkpointedAt ?? attempt.startedAt);
    return { ...attempt, ...(attempt.toStep === undefined && !last?.toStep ? {} : { toStep }), endedAt, end: 'lost' };
  });
};

const fromHeartbeat = ({
  attemptId,
  attempt,
  host,
  pid,
  startedAtMs,
  toStep,
  resumedFrom,
}: Heartbeat): OpenAttempt => ({
  id: attemptId,
  attempt,
  host,
  pid,
  startedAt: isoTime(startedAtMs),
  ...(resumedFrom === undefined ? {} : { fromStep: resumedFrom }),
  ...(toStep === undefined ? {} : { toStep }),
  warnings: [],
});

/** Of attempts that have ended: from their last checkpoint, or else their start, to their end. */
const lostSeconds = (attempts: readonly OpenAttempt[]): number =>
  attempts.reduce((sum, { startedAt, checkpointedAt, endedAt }) => {
    if (endedAt === undefined) return sum;
    return sum + Math.max(0, Date.parse(endedAt) - Date.parse(checkpointedAt ?? startedAt)) / 1000;
  }, 0);
