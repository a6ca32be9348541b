import type { Checkpoint, StageCheckpoints } from '../core/checkpoint.ts';
import type { JsonObject } from '../core/errors.ts';
import { restore, steadyCopy } from './workspace.ts';

/**
 * Keeps a program's folder of checkpoints in the store, as the checkpoints of our own trainings are kept: the last whole one is there
 * again for the next attempt, on whatever machine.
 */
export class ProgramCheckpoints {
  /** Undefined where the program has none. */
  readonly #folder: string | undefined;
  readonly #checkpoints: StageCheckpoints;
  #saving: Promise<void> | undefined;
  #last = -1;

  constructor(folder: string | undefined, checkpoints: StageCheckpoints) {
    this.#folder = folder;
    this.#checkpoints = checkpoints;
  }

  /** Puts the last one back. @returns whether there was one */
  async restore(): Promise<boolean> {
    const found = this.#folder === undefined ? undefined : await this.#checkpoints.resume();
    if (this.#folder === undefined || found === undefined) return false;
    await restore(this.#folder, filesIn(found));
    this.#last = found.step;
    return true;
  }

  /** Tells how far the program has come. */
  reached(step: number): void {
    this.#checkpoints.due(step);
  }

  /**
   * Takes the folder as it is now. While one is being read, another that is asked for is left out: the program says it again. So is
   * one whose files change while they are read: it was not whole.
   */
  save(step: number): void {
    const folder = this.#folder;
    if (folder === undefined || this.#saving !== undefined) return;
    this.#saving = steadyCopy(folder)
      .then((files) => {
        if (files === undefined || files.size === 0) return;
        // A program that counts no steps still goes on.
        this.#last = Math.max(step, this.#last + 1);
        this.#checkpoints.save(checkpointOf(this.#last, files));
      })
      .finally(() => {
        this.#saving = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.#saving;
    await this.#checkpoints.settled();
  }
}

/** Files as arrays of whole numbers, of four bytes each; how long each file is stands in the notes. */
const checkpointOf = (step: number, files: ReadonlyMap<string, Buffer>): Checkpoint => {
  const entries = [...files].map(([path, bytes]) => {
    const data = new Int32Array(Math.max(1, Math.ceil(bytes.length / 4)));
    new Uint8Array(data.buffer).set(bytes);
    return [path, { dtype: 'int32', shape: [data.length], data }] as const;
  });
  const notes: JsonObject = Object.fromEntries([...files].map(([path, { length }]) => [path, length]));
  return { step, arrays: Object.fromEntries(entries), notes };
};

const filesIn = ({ arrays, notes }: Checkpoint): Map<string, Uint8Array> =>
  new Map(
    Object.entries(arrays).map(([path, { data }]) => [
      path,
      new Uint8Array(data.buffer, data.byteOffset, (notes as { [path: string]: number })[path] ?? 0),
    ]),
  );
