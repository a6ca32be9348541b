import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LookupMemo } from '../store/lookup-memo.ts';

/**
 * What look-ups of an experiment's plan read last, in the state folder. Only ever spares requests: one that is missing, old or
 * damaged, or that cannot be written, changes no answer.
 */
export class MemoFile {
  readonly #path: string;
  readonly memo: LookupMemo;

  constructor(home: string, experiment: string) {
    this.#path = join(home, 'lookups', `${encodeURIComponent(experiment)}.json`);
    this.memo = new LookupMemo(readable(this.#path));
  }

  /** Keeps what the memo has learned. */
  save(): void {
    const { bytes } = this.memo;
    if (!bytes) return;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      mkdirSync(join(this.#path, '..'), { recursive: true, mode: 0o700 });
      writeFileSync(temporary, bytes, { mode: 0o600 });
      renameSync(temporary, this.#path);
    } catch {
      rmSync(temporary, { force: true });
    }
  }
}

const readable = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};
