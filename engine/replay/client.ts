import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ObjectPlace } from '../../store/index.ts';
import type { Replayed, ReplayJob, ReplayMode } from './job.ts';
import type { KnownFolders } from './places.ts';

/** What `replay.ts` is asked. */
export interface ReplayRequest {
  readonly store: ObjectPlace;
  readonly mode: ReplayMode;
  readonly device: 'cpu' | 'gpu';
  readonly folders: KnownFolders;
  readonly jobs: readonly ReplayJob[];
}

export interface ReplayOptions {
  readonly store: ObjectPlace;
  readonly mode: ReplayMode;
  readonly folders: KnownFolders;
  readonly env: { readonly [name: string]: string | undefined };
  /** Ends the child. */
  readonly signal?: AbortSignal;
}

/**
 * Does actions again, each in a process that is set up as the machine of its record was, as far as this one can. Where the
 * process ends before it has answered, that action cannot be done again, and the next ones get a new process.
 */
export async function* replay(jobs: readonly ReplayJob[], options: ReplayOptions): AsyncGenerator<Replayed> {
  const groups = new Map<string, ReplayJob[]>();
  for (const job of jobs) {
    const setup = JSON.stringify(setupOf(job));
    groups.set(setup, [...(groups.get(setup) ?? []), job]);
  }
  for (const group of groups.values()) {
    let done = 0;
    while (done < group.length) {
      for await (const replayed of replayGroup(group.slice(done), options)) {
        done += 1;
        yield replayed;
      }
    }
  }
}

/** What must be set before TensorFlow is loaded. */
export const setupOf = ({ record }: Pick<ReplayJob, 'record'>) => {
  const { device = 'cpu', flags, kernels } = record.machine.tensorflow ?? {};
  return {
    device,
    env: flags && {
      CEMIFLOW_THREADS: `${flags.intraOpThreads}`,
      TF_NUM_INTEROP_THREADS: `${flags.interOpThreads}`,
      TF_ENABLE_ONEDNN_OPTS: flags.oneDnn === false ? '0' : '1',
      CEMIFLOW_TF32: flags.tf32 ? '1' : '',
      CEMIFLOW_KERNELS: kernels === 'native' ? '' : 'composed',
    },
  };
};

/** Answers for all jobs, or for those up to the first at which the process ended early. */
async function* replayGroup(jobs: readonly ReplayJob[], options: ReplayOptions): AsyncGenerator<Replayed> {
  const { device, env } = setupOf(jobs[0] as ReplayJob);
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...options.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: options.signal,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
  });
  const { store, mode, folders } = options;
  const request: ReplayRequest = { store, mode, folders, device, jobs };
  child.stdin.on('error', () => {}).end(JSON.stringify(request));
  let answers = 0;
  let startedAt = performance.now();
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    answers += 1;
    startedAt = performance.now();
    yield JSON.parse(line) as Replayed;
  }
  const end = await ended;
  const failed = jobs[answers];
  if (!failed) return;
  options.signal?.throwIfAborted();
  const last = said.trim().split('\n').at(-1) ?? '';
  const why = `its process ended early: ${end ?? 'no answer'}${last && `; what it said last: ${last}`}`;
  yield {
    name: failed.name,
    key: failed.record.key,
    verdict: 'cannot',
    why,
    seconds: (performance.now() - startedAt) / 1000,
  };
}
