import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureEnvironment } from '../../bench/peers.ts';

const folder = join(import.meta.dirname, '../provenance/validators');
const execute = promisify(execFile);

/** Answers of a validator's script, by the path that was asked about. The packages are installed once, in the cache folder. */
const ask = async <T>(script: string, args: readonly string[]): Promise<{ readonly [path: string]: T }> => {
  const requirements = join(folder, 'requirements.txt');
  const { python } = await ensureEnvironment(
    { name: 'validators', requirements },
    { env: process.env, note: () => {} },
  );
  // No proxy and no server answers here: what reaches for the network fails.
  const env = { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };
  const { stdout } = await execute(python, [join(folder, script), ...args], { env, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
};

export type Severity = 'REQUIRED' | 'RECOMMENDED';

/** What `roc-validator` finds in crates against Provenance Run Crate 0.5 and all that it includes. */
export const validateCrates = (crates: readonly string[], severity: Severity = 'RECOMMENDED') =>
  ask<readonly string[]>('roc.py', [severity, ...crates]);

/**
 * What it finds in every crate: Process Run Crate wishes for software that is named by an absolute URI, and Workflow RO-Crate demands
 * that the workflow, which counts as software, is a file of the crate.
 */
export const unmeetable = [
  'process-run-crate-0.5_5.1 RECOMMENDED: The SoftwareApplication id SHOULD be an absolute URI [http://schema.org/SoftwareSourceCode]',
  'process-run-crate-0.5_5.1 RECOMMENDED: The SoftwareApplication id SHOULD be an absolute URI [https://bioschemas.org/ComputationalWorkflow]',
];

/** What `mlcroissant` makes of a description. */
export interface Loaded {
  readonly error: string | null;
  readonly version?: string;
  readonly warnings: readonly string[];
  /** Identity, index, width and height of each image. */
  readonly records: readonly (readonly number[])[];
}

export const loadCroissants = (files: readonly string[]) => ask<Loaded>('croissant.py', files);
