import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { CemiflowError } from '../../core/errors.ts';
import type { Mutant } from './mutant.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** How often a text occurs in another. */
const occurrences = (text: string, wanted: string): number => text.split(wanted).length - 1;

/**
 * A file with a mutant's fault in it.
 *
 * @throws CemiflowError `MutantInvalid` where its text is not there exactly once, or the result is no TypeScript
 */
export const mutated = (source: string, { name, file, find, replace }: Mutant): string => {
  const found = occurrences(source, find);
  const invalid = (message: string): CemiflowError =>
    new CemiflowError('MutantInvalid', `mutant ${name}: ${message}`, {
      remedy: 'correct the mutant in test/mutate/mutants/',
      data: { name, file },
    });
  if (found !== 1) throw invalid(`${file} must hold its text exactly once, got ${found} times: ${find}`);
  const result = source.replace(find, () => replace);
  try {
    transformSync(result, { loader: 'ts' });
  } catch (error) {
    throw invalid(`${file} does not parse with it: ${(error as Error).message}`);
  }
  return result;
};

/** A temporary copy of this checkout, uncommitted changes included, in which one file at a time is changed. */
export class MutableCheckout {
  readonly folder = mkdtempSync(join(tmpdir(), 'cemiflow-mutate-'));

  constructor() {
    for (const name of readdirSync(root)) {
      if (!/^(\.|node_modules$|shared$|reports$)/.test(name))
        cpSync(join(root, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Runs `body` with a mutant's fault in the copy. */
  async with<T>(mutant: Mutant, body: () => Promise<T>): Promise<T> {
    const path = join(this.folder, mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, mutated(source, mutant));
    try {
      return await body();
    } finally {
      writeFileSync(path, source);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
