import { CemiflowError } from '../core/errors.ts';
import { contentOf, documentOf, putDocument } from './documents.ts';
import type { ObjectStore } from './objects.ts';

/** The document `generationKey`: counts sweeps, and says whether one is on. */
interface Generation {
  readonly generation: number;
  /** Counts up while a sweep is on. */
  readonly beat?: number;
}

export const generationKey = 'gc/generation';
/** Whoever writes it first may begin the sweep of that generation. */
export const claimKey = (generation: number): string => `gc/claim-${generation}`;
const pollMs = 200;
const beatMs = 5_000;

/**
 * How writers and a sweep keep out of each other's way, without a lock and without trust in clocks of other machines. A sweep announces
 * itself before it lists what is needed. A writer reads the generation before it relies on anything that is in the store, and
 * again once it has written down what it relies on: if the sweep listed before that, the writer sees it now, waits for its end
 * and looks whether everything is still there.
 */
export class Sweeps {
  readonly #objects: ObjectStore;
  /** A sweep that says nothing for so long is dead: others take it for ended, and it removes nothing more. */
  readonly #deadMs: number;

  constructor(objects: ObjectStore, deadMs = 60_000) {
    this.#objects = objects;
    this.#deadMs = deadMs;
  }

  /** The generation before anything is relied on: waits for the end of a sweep that is on. */
  async settled(): Promise<number> {
    let last = await this.#read();
    let seenAt = performance.now();
    while (last.beat !== undefined) {
      if (performance.now() - seenAt > this.#deadMs) {
        // A sweep that wakes up after this finds that it is over.
        await this.#write({ generation: last.generation });
        return last.generation;
      }
      await sleep(pollMs);
      const now = await this.#read();
      if (now.generation !== last.generation || now.beat !== last.beat) seenAt = performance.now();
      last = now;
    }
    return last.generation;
  }

  /** Whether no sweep has begun since that generation. Resolves once none is on. */
  async unswept(since: number): Promise<boolean> {
    return (await this.settled()) === since;
  }

  /** Waits for the end of a sweep that is on, and begins one. @throws CemiflowError `SweepUnderWay` */
  async begin(): Promise<Sweep> {
    const before = await this.settled();
    const generation = before + 1;
    if (!(await this.#claim(generation))) throw underWay();
    const { generation: now, beat } = await this.#read();
    // Between the look and the claim another one has been and gone.
    if (now !== before || beat !== undefined) throw underWay();
    await this.#write({ generation, beat: 0 });
    await this.#objects.remove(claimKey(before));
    return new Sweep(generation, this.#deadMs, {
      read: () => this.#read(),
      write: (next) => this.#write(next),
    });
  }

  /** @returns whether the sweep of this generation is ours; the claim of one that never began is taken over */
  async #claim(generation: number): Promise<boolean> {
    const bytes = documentOf({ generation });
    const take = () => this.#objects.put(claimKey(generation), bytes, { mediaType: 'application/json' });
    if ((await take()) === 'written') return true;
    const claimedAt = performance.now();
    while (performance.now() - claimedAt <= this.#deadMs) {
      if ((await this.#read()).generation >= generation) return false;
      await sleep(pollMs);
    }
    await this.#objects.remove(claimKey(generation));
    return (await take()) === 'written';
  }

  /** Takes the place of a damaged count: a generation that no writer can have seen. */
  restore(): Promise<void> {
    return this.#write({ generation: Date.now() });
  }

  async #read(): Promise<Generation> {
    // A damaged one must not hide a sweep: no generation before it was this.
    const bytes = await this.#objects.get(generationKey).catch((error) => {
      if (error.code === 'ObjectUnreadable') return Buffer.alloc(0);
      throw error;
    });
    return bytes ? (contentOf<Generation>(bytes) ?? { generation: -1 }) : { generation: 0 };
  }

  #write(generation: Generation): Promise<void> {
    return putDocument(this.#objects, generationKey, generation);
  }
}

interface Access {
  read(): Promise<Generation>;
  write(next: Generation): Promise<void>;
}

/** A sweep that is on. It says so every few seconds; where it could not for long, it may remove nothing more. */
export class Sweep {
  readonly #generation: number;
  readonly #deadMs: number;
  readonly #access: Access;
  readonly #timer: NodeJS.Timeout;
  #beat = 0;
  #lost = false;
  #saidAt = { wall: Date.now(), steady: performance.now() };
  #saying: Promise<void> = Promise.resolve();

  constructor(generation: number, deadMs: number, access: Access) {
    this.#generation = generation;
    this.#deadMs = deadMs;
    this.#access = access;
    this.#timer = setInterval(
      () => {
        this.#saying = this.#saying.then(() => this.#say());
      },
      Math.min(beatMs, deadMs / 6),
    );
  }

  /**
   * To be called before each removal.
   *
   * @throws CemiflowError `SweepLost` where others may treat the sweep as dead, because this process stood still
   */
  check(): void {
    if (!this.#isLost()) return;
    throw new CemiflowError('SweepLost', 'the gc stood still for so long that others may treat it as dead', {
      remedy: 'run it again: what it has removed was needed by nothing',
    });
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saying;
    const { generation, beat } = await this.#access.read();
    if (generation === this.#generation && beat !== undefined) await this.#access.write({ generation });
  }

  /** For good: others may have gone on by then. */
  #isLost(): boolean {
    const { wall, steady } = this.#saidAt;
    // A machine that was asleep shows on the wall clock alone.
    const silentMs = Math.max(Date.now() - wall, performance.now() - steady);
    this.#lost ||= silentMs > this.#deadMs / 2;
    return this.#lost;
  }

  async #say(): Promise<void> {
    if (this.#isLost()) return;
    const at = { wall: Date.now(), steady: performance.now() };
    try {
      const { generation, beat } = await this.#access.read();
      if (generation !== this.#generation || beat !== this.#beat) {
        this.#lost = true;
        return;
      }
      await this.#access.write({ generation, beat: this.#beat + 1 });
      this.#beat += 1;
      this.#saidAt = at;
    } catch {
      // The store is away: `check` says when it has been for too long.
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const underWay = (): CemiflowError =>
  new CemiflowError('SweepUnderWay', 'another gc has just begun to sweep this store', { remedy: 'wait for its end' });
