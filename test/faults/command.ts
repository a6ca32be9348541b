import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Ended {
  /** Null where it was killed. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One `cemiflow …` in a process of its own, as a user starts it. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #isOver = false;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'cli', 'main.ts'), ...args], {
      ...{ cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
    });
    this.#child = child;
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.#isOver = true;
        resolve({ code, out, err });
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Its end, waited for so long; then it is killed. */
  async within(limitMs: number): Promise<Ended> {
    const timer = setTimeout(() => this.kill(), Math.max(0, limitMs));
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
