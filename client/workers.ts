import { ensureWorkers, status } from '../services/index.ts';
import { buildId } from '../spec/code-digest.ts';
import type { Caller } from './caller.ts';

/** Worker processes of this machine. */
export interface Workers {
  readonly cpuWorkers: number;
  readonly gpuWorkers: number;
}

/** Starts exactly these workers, of this checkout's code. @returns their build */
export const startWorkers = async (
  { home }: Pick<Caller, 'home'>,
  { cpuWorkers, gpuWorkers }: Workers,
): Promise<string> => {
  const build = await buildId();
  await ensureWorkers(home, build, { orchestrator: 1, cpu: cpuWorkers, gpu: gpuWorkers });
  return build;
};

/**
 * For a run that is under way: leaves the workers of its build as they are, and starts some where there are none, or where
 * the supervisor has given some up.
 */
export const keepWorkers = async (caller: Caller, build: string, workers: Workers): Promise<void> => {
  const { supervisor } = await status({ home: caller.home, env: caller.env });
  const own = supervisor?.children.filter((child) => child.build === build) ?? [];
  const up = own.length > 0 && own.every(({ state }) => ['starting', 'running', 'backoff'].includes(state));
  if (!up) await startWorkers(caller, workers);
};
