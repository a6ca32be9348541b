import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/**
 * The baseline of the paper, as it is, on small files of the same formats: a pack that MXNet wrote, benchmarks that pickle wrote,
 * a checkpoint that PyTorch wrote. Only sizes and places are set.
 */
const fixtures = join(root, 'test/fixtures/real');
const files = join(emptyFolder(), 'files');
const out = emptyFolder();
const sets = ['lfw', 'cfp_fp', 'agedb_30', 'calfw', 'cplfw'];
let services: TestServices;
let made: CliResult;

const small = {
  'stages.faces.with.path': join(files, 'casia-webface'),
  'stages.faces.with.people': 'drawn',
  'stages.benchmarks.with.path': join(files, 'benchmarks'),
  'stages.benchmarks.with.people': 'drawn',
  'stages.published.with.path': join(files, 'adaface_ir50_casia.ckpt'),
  'stages.published.with.network':
    '{preset: ir_50, stemWidth: 4, widths: [4, 8, 8], depths: [1, 1, 1], strides: [2, 2, 2], embedding: 16, imageSize: 32}',
  'params.size': '32',
  'params.network':
    '{preset: ir_se_50, stemWidth: 16, widths: [16, 32], depths: [1, 1], strides: [2, 2], embedding: 32}',
  'params.batch': '24',
  'params.epochs': '3',
  'params.milestones': '[2]',
};
const run = (...more: string[]): Promise<CliResult> => {
  const set = Object.entries(small).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const spec = join(root, 'pipelines/paper/baseline.yaml');
  return cli(['run', spec, ...set, '--device', 'cpu', ...more], { home: services.home });
};

/** Stages that a run with --json says were made. */
const madeBy = ({ out: told }: CliResult): string[] =>
  told
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { stage?: string; state: string })
    .flatMap(({ stage, state }) => (stage && state === 'done' ? [stage] : []))
    .sort();

interface Printed {
  readonly id: string;
  readonly text: string;
}
const printedIn = (folder: string): { readonly [id: string]: string } =>
  Object.fromEntries(
    (JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as { printed: Printed[] }).printed.map(
      ({ id, text }) => [id, text],
    ),
  );

beforeAll(async () => {
  services = await startServices();
  cpSync(fixtures, files, { recursive: true });
  made = await run('--out', out);
}, 600_000);

afterAll(async () => {
  await services?.stop();
  rmSync(files, { recursive: true, force: true });
});

test('runs to a report', () => {
  expect(made.code, made.err).toBe(0);
  console.log(printedIn(out), sets);
});

test('audits', async () => {
  const { code, out: told } = await cli(['audit', 'baseline-paper', '--json'], { home: services.home });
  const { problems, checks, findings } = JSON.parse(told) as AuditResult;
  console.log(code, problems, checks, findings);
}, 120_000);

test('a second run finds all of it', async () => {
  const again = await run('--json', '--out', emptyFolder());
  expect([again.code, madeBy(again)]).toEqual([0, []]);
}, 120_000);

test('the pack comes out to the byte that MXNet wrote', async () => {
  const folder = join(emptyFolder(), 'pack');
  const args = ['export', 'baseline-paper:faces', folder, '--format', 'recordio'];
  const { code, err } = await cli(args, { home: services.home });
  expect([code, err]).toEqual([0, '']);
  for (const file of ['train.rec', 'train.idx', 'property'])
    expect(readFileSync(join(folder, file)).equals(readFileSync(join(fixtures, 'casia-webface', file))), file).toBe(
      true,
    );
}, 120_000);

test('another byte in lfw.bin makes the benchmarks and what was measured on them again, and nothing else', async () => {
  const file = join(files, 'benchmarks/lfw.bin');
  const bytes = readFileSync(file);
  // The last pair is of one person now: pickle's NEWFALSE becomes NEWTRUE.
  const at = bytes.lastIndexOf(0x89);
  expect(bytes.length - at).toBeLessThan(8);
  bytes[at] = 0x88;
  writeFileSync(file, bytes);
  const folder = emptyFolder();
  const again = await run('--json', '--out', folder);
  expect([again.code, madeBy(again)]).toEqual([
    0,
    ['benchmarks', 'report', 'verify[loss=adaface]', 'verify[loss=cosface]', 'verify_published'],
  ]);
  const [before, after] = [printedIn(out), printedIn(folder)];
  console.log(Object.keys(before).filter((id) => before[id] !== after[id]));
}, 300_000);
