import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down, type Endpoints, type UpOptions, up } from '../../services/index.ts';

export interface TestServices {
  /** The state folder; gone after `stop`. */
  readonly home: string;
  readonly endpoints: Endpoints;
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** The caller's environment without addresses of other servers: tests always run their own. */
export const ownEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|S3|CEMIFLOW)_/.test(name)));

/**
 * A real Temporal and a real MinIO on ports of their own, with an empty state folder and no workers.
 * They stop with `stop()`, and also when the test process is killed.
 */
export const startServices = async (options: Partial<UpOptions> = {}): Promise<TestServices> => {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'cemiflow-test-'));
  const env = options.env ?? ownEnv();
  const endpoints = await up({ ...options, home, env, stopWithPid: process.pid });
  const stop = async (): Promise<void> => {
    await down({ home });
    rmSync(home, { recursive: true, force: true });
  };
  return { home, endpoints, env: env as NodeJS.ProcessEnv, stop };
};
