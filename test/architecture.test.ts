import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What `npm run imports` checks. */
let rules: ICruiseOptions;
beforeAll(async () => {
  rules = await extractOptions(join(root, '.dependency-cruiser.cjs'));
});

/** The imports under a folder that break a rule: `nn/a.ts -> store/index.ts`. */
const faultsIn = async (folder: string): Promise<string[]> => {
  const { output } = await cruise(['.'], { ...rules, baseDir: folder, outputType: 'json' });
  const { summary } = (typeof output === 'string' ? JSON.parse(output) : output) as ICruiseResult;
  return summary.violations.map(({ from, to }) => `${from} -> ${to}`);
};

/** A project with one file, and empty ones in the place of those that it imports. */
const projectWith = (path: string, text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'imports-'));
  const put = (name: string, content: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  for (const [, target = ''] of text.matchAll(/'(\.[^']+)'/g)) put(join(dirname(path), target), 'export {};\n');
  put(path, text);
  return folder;
};

describe('imports', () => {
  it('follow the arrows and form no circle', async () => {
    expect(await faultsIn(root)).toEqual([]);
  }, 120_000);

  it.each([
    ['nn/a.ts', "import { openStore } from '../store/index.ts';"],
    ['nn/deep/a.ts', "export * from '../../data/dataset.ts';"],
    ['core/a.ts', "export const { tf } = await import('../nn/tf.ts');"],
    ['core/a.ts', "export const a: import('../nn/tf.ts').Tensors = {};"],
    ['metrics/a.ts', "import type { Store } from '../store/index.ts';"],
    ['provenance/a.ts', "import { openStore, type Store } from '../store/index.ts';"],
    ['workflows/a.ts', "import { loadStage } from '../engine/registry.ts';"],
    ['client/a.ts', "import { dispatch } from '../cli/dispatch.ts';"],
    ['report/a.ts', "import '../worker.ts';"],
    ['elsewhere/a.ts', "import '../core/dag.ts';"],
    ['core/a.ts', "import './a.ts';"],
  ])('against them are found: in %s, %s', async (path, text) => {
    expect(await faultsIn(projectWith(path, text))).toHaveLength(1);
  });

  it.each([
    ['provenance/a.ts', "import type { Store } from '../store/index.ts';"],
    ['workflows/a.ts', "import type { Host } from '../engine/host.ts';"],
    ['nn/deep/a.ts', "import { tf } from '../tf.ts';\nimport { digestOf } from '../../core/digest.ts';"],
    ['nn/a.ts', "import { readFileSync } from 'node:fs';\n// import '../store/index.ts'"],
  ])('along them are let through: in %s, %s', async (path, text) => {
    expect(await faultsIn(projectWith(path, text))).toEqual([]);
  });
});

/** Who may read the environment; all others are given what they need. `setup` is `setup.mjs` in parts. */
const environmentReaders = [
  'worker.ts',
  'engine/doctor.ts',
  'engine/probe/main.ts',
  'engine/replay/main.ts',
  'setup.mjs',
  'setup/',
  'cli/cemiflow.mjs',
  'cli/main.ts',
  'docker/health.ts',
  'bench/compare/main.ts',
  'bench/main.ts',
  'bench/gpu/pack.ts',
  'bench/gpu/run.ts',
  'nn/native/library.ts',
  // Of the machine, and not of a run: AWS's own variables, where scratch files lie, what child processes and programs inherit.
  'formats/sources/s3.ts',
  'threads/scratch.ts',
  'threads/child.ts',
  'foreign/container.ts',
  'foreign/environment.ts',
];

const readsEnvironment = (text: string): boolean =>
  /process\s*(\?\.|\.|\[['"])\s*env\b|(from|import|require)\s*\(?['"](node:)?process['"]/.test(text);

/** Paths of the project's own code, tests left out. */
const codeFiles = (): string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !/^(\.|node_modules$|test$|scratch$|dist$|shared$)/.test(name))
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const names = readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' });
      return names.map((name) => join(entry.name, name));
    })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.endsWith('.d.mts'));

describe('the environment', () => {
  it('is read by the entry points alone', () => {
    const readers = codeFiles().filter((path) => readsEnvironment(readFileSync(join(root, path), 'utf8')));
    expect(readers.filter((path) => !environmentReaders.some((allowed) => path.startsWith(allowed)))).toEqual([]);
    expect(readers).toEqual(expect.arrayContaining(['worker.ts', 'setup.mjs', 'cli/main.ts', 'docker/health.ts']));
  });
});

/** Code alone: comments may say where a formula comes from. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

describe('methods', () => {
  it('are named by no code but their own: stages, pipelines and papers name them', () => {
    const names = readdirSync(join(root, 'methods')).filter((name) => name !== 'ddpm');
    const named = new RegExp(names.map((name) => name.replace('-', '[-_ ]?')).join('|'), 'i');
    const namers = codeFiles().filter((path) => named.test(withoutComments(readFileSync(join(root, path), 'utf8'))));
    // The comparison with PyTorch names what it compares, and readers of files name the formats of sets that have no other name.
    const allowed = /^(methods|bench)\/|^formats\/(recordio|zip)\//;
    expect(namers.filter((path) => !allowed.test(path))).toEqual([]);
    expect(namers.some((path) => path.startsWith('methods/'))).toBe(true);
  });
});
