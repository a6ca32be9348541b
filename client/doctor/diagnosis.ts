import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Diagnosis } from '../../engine/diagnosis.ts';
import { gpuOf } from '../../services/config.ts';
import { workerEnv } from '../../services/environment.ts';
import { projectDir } from '../../services/paths.ts';
import type { Caller } from '../caller.ts';

/** What the process with TensorFlow said, and how it ended. */
export interface Examination {
  /** Absent where it ended before it had answered. */
  readonly diagnosis?: Diagnosis;
  /** Its standard error: TensorFlow's own log. */
  readonly log: string;
  /** `exit code 1`, `signal SIGILL` */
  readonly end: string;
}

/** A minute for the self-test, and as much again for a machine under load; loading CUDA's libraries takes its time too. */
const timeoutMs = 180_000;

/**
 * Asks a process that is set up as a worker's what TensorFlow sees: the first GPU worker's, where there are GPUs.
 *
 * @param program the file to run: `engine/doctor.ts`, or another one in tests
 */
export const examine = (
  { env, signal }: Pick<Caller, 'env' | 'signal'>,
  { quick, program = join(projectDir, 'engine/doctor.ts') }: { quick: boolean; program?: string },
): Promise<Examination> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...(quick ? ['--quick'] : [])], {
      cwd: projectDir,
      env: {
        ...workerEnv(env),
        TF_CPP_MIN_LOG_LEVEL: '0',
        CUDA_VISIBLE_DEVICES: gpuOf(env.CUDA_VISIBLE_DEVICES, 0),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      signal,
    });
    let [out, log] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const ended = (end: string): void => resolve({ diagnosis: parse(out), log, end });
    child.once('error', (error) => ended(error.message));
    child.once('close', (code, signal) => ended(signal ? `signal ${signal}` : `exit code ${code}`));
  });

const parse = (text: string): Diagnosis | undefined => {
  try {
    return JSON.parse(text) as Diagnosis;
  } catch {
    return undefined;
  }
};
