import { readFileSync } from 'node:fs';
import { peakMemoryOf } from '../process.ts';

const everyMs = 100;

/** The peak resident memory of the processes that decode for this one, in bytes: they end before anyone can ask. */
export class ChildPeak {
  bytes = 0;
  readonly #timer = setInterval(() => this.#look(), everyMs);

  #look(): void {
    for (const child of childrenOf(process.pid)) {
      if (commandOf(child).includes('start-child')) this.bytes = Math.max(this.bytes, peakMemoryOf(child) ?? 0);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const childrenOf = (pid: number): number[] =>
  readOr(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);

const commandOf = (pid: number): string => readOr(`/proc/${pid}/cmdline`);

/** Empty where it is not there: a process may end at any time. */
const readOr = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
