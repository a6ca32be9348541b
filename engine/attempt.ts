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
import { closed, lostSeconds } from './earlier-attempts.ts';
import type { Heartbeat, Told } from './watch.ts';

export interface AttemptSetup {
  readonly key: ActionKey;
  readonly store: Pick<Store, 'checkpoints'>;
  readonly writer: CheckpointWriter;
  /** Default every two minutes. */
  readonly interval?: CheckpointInterval;
  /** Of this try alone: distinguishes tries of the same number. */
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
  #fromStep: number | undefined;
  #step: number | undefined;
  #saved = { step: 0, atMs: performance.now() };
  readonly #warnings: string[] = [];

  constructor(setup: AttemptSetup) {
    this.#setup = setup;
    const { everySeconds, everySteps } = setup.interval ?? {};
    this.#interval = everySeconds || everySteps ? { everySeconds, everySteps } : defaultCheckpointInterval;
    this.#own = {
      id: setup.id,
      attempt: setup.attempt,
      host: hostname(),
      pid: process.pid,
      startedAt: isoTime(Date.now()),
      warnings: [],
    };
    this.#left = setup.store.checkpoints.read(setup.key).catch((error) => this.#passOver(error));
    // `begin` awaits it; until then nothing does, and a rejection must not go unhandled.
    this.#left.catch(() => {});
  }

  /** Where there was an attempt before this one, closes it in the store and takes the action over. */
  async begin(): Promise<void> {
    if ((await this.#left) || this.#setup.attempt > 1) await this.#claimed();
  }

  async resume(): Promise<Checkpoint | undefined> {
    const { store, key, tell } = this.#setup;
    const { checkpoints } = await this.#claimed();
    const damaged = new Set<string>();
    let found: Checkpoint | undefined;
    for (const stored of checkpoints) {
      found = await store.checkpoints.load(key, stored).catch((error) => this.#passOver(error));
      if (found) break;
      damaged.add(stored.digest);
    }
    this.#fromStep = found?.step ?? 0;
    this.#step = this.#fromStep;
    this.#saved = { step: this.#fromStep, atMs: performance.now() };
    // What is damaged is no fallback: the next checkpoint would push out the sound one instead.
    await this.#change((state) => ({
      ...state,
      checkpoints: state.checkpoints.filter(({ digest }) => !damaged.has(digest)),
    }));
    tell({ resumedFrom: found?.step, toStep: this.#step });
    return found;
  }

  due(step: number): boolean {
    this.#step = step;
    this.#setup.tell({ toStep: step });
    if (this.#writing || step === this.#saved.step) return false;
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

  /** The action has its record: nothing of this is needed any more, unless it is to be kept for audits. */
  async finish(): Promise<void> {
    await this.settled();
    if (!this.#claim && !(await this.#left)) return;
    if (this.#claim && (await this.#claim).keepAll) {
      const end = { end: 'done', endedAt: isoTime(Date.now()) };
      await this.#change((state) => state, end).catch((error) => this.#setup.log(`the end is not written: ${error}`));
      return;
    }
    await this.#setup.store.checkpoints.remove(this.#setup.key).catch((error) => {
      this.#setup.log(`checkpoints are left behind: ${error}`);
    });
  }

  /** The attempt ends without outputs. @param end as in `Attempt` */
  async fail(end: string): Promise<void> {
    await this.settled();
    try {
      await this.#claimed();
      await this.#change((state) => state, { end, endedAt: isoTime(Date.now()) });
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

  /**
   * Writes this attempt down as the owner of what the store has now, unless one that began later owns it.
   * @returns the state as this attempt sees it; its own entry is the last
   */
  async #takeOver(): Promise<ActionState> {
    const { store, key, before, tell } = this.#setup;
    await this.#left;
    const now = await store.checkpoints.read(key).catch((error) => this.#passOver(error));
    const state = this.#ownedBy(now, before);
    if (this.#mayOwn(now)) {
      await store.checkpoints.write(state);
      await store.checkpoints.sweep(state);
    }
    const lost = lostSeconds(state.attempts);
    if (lost > 0) tell({ lostSeconds: lost });
    return state;
  }

  /** The state with this attempt as the owner and the last, and all others ended. */
  #ownedBy(state: ActionState | undefined, before?: Heartbeat): ActionState {
    const { checkpoints = [], kept = {} } = state ?? {};
    const others = (state?.attempts ?? []).filter(({ id }) => id !== this.#own.id);
    const attempts = [...closed(others, before), { ...this.#own, ...this.#steps() }];
    const keepAll = this.#setup.interval?.keep ?? state?.keepAll;
    return { key: this.#setup.key, owner: this.#own.id, attempts, checkpoints, kept, ...(keepAll && { keepAll }) };
  }

  /**
   * The attempt that began last owns the state: an earlier one counts as dead for Temporal, or belongs to another run. One
   * that has ended owns nothing, nor does one that has been silent for many intervals.
   */
  #mayOwn(state: ActionState | undefined): boolean {
    const owner = state?.attempts.find(({ id }) => id === state.owner);
    if (!owner || owner.id === this.#own.id || owner.end !== undefined) return true;
    const heard = Date.parse(owner.checkpointedAt ?? owner.startedAt);
    const silentMs = Math.max(leastSilentMs, silentIntervals * (this.#interval.everySeconds ?? 0) * 1000);
    return Date.parse(owner.startedAt) <= Date.parse(this.#own.startedAt) || Date.now() - heard > silentMs;
  }

  async #write(checkpoint: Checkpoint, before: Promise<void> | undefined): Promise<void> {
    const { key, writer, tell, log } = this.#setup;
    const { step } = checkpoint;
    try {
      await before;
      await this.#claimed();
      const stored = await writer.save({ key, owner: this.#own.id, checkpoint });
      if (stored) tell({ checkpoint: { step, atMs: Date.parse(stored.at), digest: stored.digest } });
      else await this.#reclaim(step);
    } catch (error) {
      log(`the checkpoint of step ${step} was not written: ${error}`);
    }
  }

  /**
   * Another attempt had written itself down as the owner. If it began before this one (both wrote in the same moment), has
   * ended or is silent, the state is taken back, and the next checkpoint will be written.
   */
  async #reclaim(step: number): Promise<void> {
    const { store, key, log } = this.#setup;
    const now = await store.checkpoints.read(key);
    // Without a state the action has its record by now.
    const mine = now !== undefined && this.#mayOwn(now);
    if (mine) await store.checkpoints.write(this.#ownedBy(now));
    log(`the checkpoint of step ${step} was not written: another attempt owned it${mine ? '; not any more' : ''}`);
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

  /** Changes the state, and writes down where this attempt stands, unless a later one has taken over. */
  async #change(
    change: (state: ActionState) => ActionState,
    end: { readonly end?: string; readonly endedAt?: string } = {},
  ): Promise<void> {
    const { store, key } = this.#setup;
    const id = this.#own.id;
    await store.checkpoints.change(key, id, (state) => {
      const changed = change(state);
      return {
        ...changed,
        attempts: changed.attempts.map((a) => (a.id === id ? { ...a, ...this.#steps(), ...end } : a)),
      };
    });
  }
}

/** How long an owner may be silent before another attempt takes its state: intervals of checkpoints, and at least this. */
const silentIntervals = 5;
const leastSilentMs = 600_000;
