import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What became of some test files. */
export interface TestRun {
  readonly passed: boolean;
  /** The first test that failed, or what else went wrong. */
  readonly failure: string;
  readonly seconds: number;
}

/** A fault may make a test wait for ever: then the test has noticed it. */
const limitMs = 10 * 60_000;

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Runs test files in a checkout, and stops at the first failure. */
export const runTests = async (folder: string, files: readonly string[]): Promise<TestRun> => {
  const output = join(folder, 'mutate-report.json');
  rmSync(output, { force: true });
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const argv = [vitest, 'run', ...files, '--bail=1', '--reporter=json', `--outputFile=${output}`];
  const startMs = performance.now();
  const timedOut = await new Promise<boolean>((resolve, reject) => {
    const child = spawn(process.execPath, argv, {
      cwd: folder,
      stdio: 'ignore',
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    child.once('error', reject);
    child.once('close', (_code, signal) => resolve(signal === 'SIGKILL'));
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (timedOut) return { passed: false, failure: `the tests did not end within ${limitMs / 60_000} min`, seconds };
  if (!existsSync(output)) return { passed: false, failure: 'the tests gave no report', seconds };
  const { success, testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')?.fullName;
  const broken = testResults.find(({ status }) => status === 'failed')?.message.split('\n')[0];
  return { passed: success, failure: failed ?? broken ?? '', seconds };
};
