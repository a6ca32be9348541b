import { join } from 'node:path';
import { LookupMemo } from '../store/lookup-memo.ts';
import { readNote, writeNote } from './note-file.ts';

/**
 * What look-ups of an experiment's plan read last, in the state folder. Only ever spares requests: one that is missing, old or
 * damaged, or that cannot be written, changes no answer.
 */
export class MemoFile {
  readonly #path: string;
  readonly memo: LookupMemo;

  constructor(home: string, experiment: string) {
    this.#path = join(home, 'lookups', `${encodeURIComponent(experiment)}.json`);
    this.memo = new LookupMemo(readNote(this.#path));
  }

  /** Keeps what the memo has learned. */
  save(): void {
    const { bytes } = this.memo;
    if (bytes) writeNote(this.#path, bytes);
  }
}
