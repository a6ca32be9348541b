import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/**
 * The paper's real-data baseline, as its pipeline has it, on small files of the same formats: a pack that MXNet wrote, benchmarks
 * that pickle wrote, a checkpoint that PyTorch wrote (test/fixtures/real). Only places and sizes are set.
 */
const spec = join(root, 'pipelines/paper/baseline.yaml');
const fixtures = join(root, 'test/fixtures/real');
const files = join(emptyFolder(), 'files');
const out = emptyFolder();
let services: TestServices;
let made: CliResult;

const sets = [
  `stages.faces.with.path=${join(files, 'casia-webface')}`,
  `stages.benchmarks.with.path=${join(files, 'benchmarks')}`,
  `stages.published.with.path=${join(files, 'adaface_ir50_casia.ckpt')}`,
  'stages.published.with.network={preset: ir_50, stemWidth: 4, widths: [4, 8, 8], depths: [1, 1, 1], strides: [2, 2, 2], embedding: 16, imageSize: 32}',
  'params.size=32',
  'params.network={preset: ir_se_50, stemWidth: 16, widths: [16, 32], depths: [1, 1], strides: [2, 2], embedding: 32}',
  'params.batch=24',
  'params.epochs=3',
  'params.milestones=[2]',
];
const run = (...more: string[]): Promise<CliResult> =>
  cli(['run', spec, ...sets.flatMap((set) => ['--set', set]), '--device', 'cpu', ...more], { home: services.home });

/** The stages that a run with --json made, in the order of their names. */
const madeBy = ({ out: told }: CliResult): string[] =>
  told
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { stage?: string; state: string })
    .flatMap(({ stage, state }) => (stage && state === 'done' ? [stage] : []))
    .sort();

/** The numbers of a report by their ids. */
const printedIn = (folder: string): Map<string, string> => {
  const { printed } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
    printed: { id: string; text: string }[];
  };
  return new Map(printed.map(({ id, text }) => [id, text]));
};

const recognizers = ['casia-webface-cosface', 'casia-webface-adaface', 'adaface-s-published-ir-50'];
const benchmarks = ['lfw', 'cfp-fp', 'agedb-30', 'calfw', 'cplfw'];

beforeAll(async () => {
  services = await startServices();
  cpSync(fixtures, files, { recursive: true });
  made = await run('--out', out);
}, 600_000);

afterAll(async () => {
  await services?.stop();
  rmSync(files, { recursive: true, force: true });
});

test('runs to a report that has the accuracy of each recognizer on each benchmark, and the numbers of papers beside it', () => {
  expect(made.code, made.err).toBe(0);
  const printed = printedIn(out);
  for (const recognizer of recognizers) {
    for (const benchmark of benchmarks) {
      expect(printed.get(`accuracy.${recognizer}.${benchmark}`)).toMatch(/^\d+\.\d\d ± \d+\.\d\d$/);
      expect(printed.get(`tar.${recognizer}-${benchmark}.tar-at-far-1e-3`)).toMatch(/^\d+\.\d\d$/);
    }
    expect(printed.get(`accuracy.${recognizer}.average`)).toMatch(/^\d+\.\d\d$/);
  }
  // 72 images in batches of 24, three epochs.
  for (const trained of recognizers.slice(0, 2)) {
    expect(printed.get(`accuracy.${trained}.volume`)).toBe('12 × 6');
    expect(printed.get(`accuracy.${trained}.steps`)).toBe('9');
  }
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toContain('99.42, 96.41, 94.38, 93.23, 89.97; 94.68');
  expect(page).toContain('id="paper-comparison.casia-webface-real-adaface.average"');
});

test('holds in an audit, which recomputes the numbers from the scores of the pairs', async () => {
  const { code, out: told } = await cli(['audit', 'baseline-paper', '--json'], { home: services.home });
  const { problems, checks } = JSON.parse(told) as AuditResult;
  expect([code, problems]).toEqual([0, []]);
  const count = (what: string) => checks.find((check) => check.what === what);
  expect(count('metrics computed again')).toMatchObject({ held: 3, of: 3 });
  expect(count('datasets counted')).toMatchObject({ held: 1, of: 1 });
  expect(count('… from pair scores')?.of).toBeGreaterThan(recognizers.length * benchmarks.length);
}, 120_000);

test('finds all of it in a second run', async () => {
  const again = await run('--json', '--out', emptyFolder());
  expect([again.code, madeBy(again)]).toEqual([0, []]);
}, 120_000);

test('gives the pack back to the byte that MXNet wrote', async () => {
  // Photos of real people, as the pipeline states them, are exported as they came; images of drawn people would be marked.
  const folder = join(emptyFolder(), 'pack');
  const args = ['export', 'baseline-paper:faces', folder, '--format', 'recordio'];
  const { code, err } = await cli(args, { home: services.home });
  expect([code, err]).toEqual([0, '']);
  const same = (file: string): boolean =>
    readFileSync(join(folder, file)).equals(readFileSync(join(fixtures, 'casia-webface', file)));
  expect(['train.rec', 'train.idx', 'property'].filter((file) => !same(file))).toEqual([]);
}, 120_000);

test('makes the benchmarks and what was measured on them again for another byte in lfw.bin, and nothing else', async () => {
  const file = join(files, 'benchmarks/lfw.bin');
  const bytes = readFileSync(file);
  // The last pair shows one person now: of pickle's opcodes, NEWFALSE becomes NEWTRUE.
  const [newTrue, newFalse] = [0x88, 0x89];
  const at = bytes.lastIndexOf(newFalse);
  expect(bytes.length - at).toBeLessThan(8);
  bytes[at] = newTrue;
  writeFileSync(file, bytes);
  const folder = emptyFolder();
  const again = await run('--json', '--out', folder);
  const measured = ['verify[loss=adaface]', 'verify[loss=cosface]', 'verify_published'];
  expect([again.code, madeBy(again)]).toEqual([0, ['benchmarks', 'report', ...measured]]);
  const [before, after] = [printedIn(out), printedIn(folder)];
  const changed = [...before.keys()].filter((id) => before.get(id) !== after.get(id));
  expect(changed).toContain('accuracy.adaface-s-published-ir-50.lfw');
  // Only what has LFW in it, as averages and their differences have.
  expect(changed.filter((id) => !/lfw|average|^key|-differences\./.test(id) || /c[ap]lfw/.test(id))).toEqual([]);
}, 300_000);
