import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { emptyFolder, root } from '../cli/helpers.ts';
import { type CheckoutCopy, copyCheckout } from '../helpers/checkout.ts';

/**
 * A checkout with one stage kind, one method and one report block more: each is a folder that was copied in (a stage kind also
 * has a schema), and nothing else was changed. A run with them is planned, made, traced, audited and reported.
 */
let checkout: CheckoutCopy;
let made: Awaited<ReturnType<CheckoutCopy['cli']>>;
const spec = join(emptyFolder(), 'spec.yaml');
const out = emptyFolder();
/** The checkout starts servers and workers itself: those of this checkout lack its stage kinds. */
const home = emptyFolder();

/** What is copied, and where to. */
const additions: readonly (readonly [from: string, to: string])[] = [
  ['test/fixtures/kinds/evaluate-pixels', 'activities/evaluate-pixels'],
  ['test/fixtures/kinds/evaluate-pixels.schema.json', 'schemas/stages/evaluate-pixels.schema.json'],
  ['test/pair-method', 'methods/pair'],
  ['test/fixtures/blocks/hardest', 'report/blocks/hardest'],
];

beforeAll(async () => {
  checkout = copyCheckout();
  for (const [from, to] of additions) {
    const target = join(checkout.folder, to);
    expect(existsSync(target), to).toBe(false);
    cpSync(join(root, from), target, { recursive: true });
  }
  writeFileSync(
    spec,
    `experiment: extended
seed: 5
stages:
  faces: {uses: data/procedural, with: {identities: 6, images: 4, size: 16}}
  benchmarks: {uses: data/benchmarks, with: {sets: [lfw, cfp_fp], pairs: 40, identities: 20, size: 16}}
  pixels: {uses: evaluate/pixels, with: {benchmarks: "\${{ stages.benchmarks }}"}}
  generator: {uses: pair/train, with: {data: "\${{ stages.faces }}", epochs: 1}}
  synthetic:
    uses: pair/generate
    with: {generator: "\${{ stages.generator }}", partners: "\${{ stages.faces }}", images: 2, shardIdentities: 4}
report:
  title: Extended
  hardest: [{label: pixels, metrics: "\${{ stages.pixels }}"}]
  samples: [{label: pair, data: "\${{ stages.synthetic }}"}]
  paper: false
`,
  );
  made = await checkout.cli(['run', spec, '--out', out], home);
}, 600_000);

afterAll(async () => {
  if (!checkout) return;
  await checkout.cli(['down'], home);
  rmSync(checkout.folder, { recursive: true, force: true });
});

test('runs to a report that shows the new block', () => {
  expect(made.code, made.err).toBe(0);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toContain('The benchmark on which each recognizer does worst');
  const { printed } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as { printed: { id: string }[] };
  expect(printed.filter(({ id }) => id.startsWith('hardest.'))).toHaveLength(1);
});

test('is found again by a second run', async () => {
  const again = await checkout.cli(['run', spec, '--out', emptyFolder()], home);
  expect(again.out).toContain('all 6 stages are in the store, nothing to do');
}, 120_000);

test("is audited: the new kind's numbers are computed again, and the new method's set is known to be generated", async () => {
  const { code, out: text } = await checkout.cli(['audit', 'extended', '--replay', '20', '--json'], home);
  const { checks, problems, findings } = JSON.parse(text) as AuditResult;
  expect([code, problems]).toEqual([0, []]);
  const count = (what: string) => checks.find((check) => check.what === what);
  expect(count('metrics computed again')).toMatchObject({ held: 1, of: 1 });
  expect(count('… from distances of pixels')).toMatchObject({ held: 1, of: 1 });
  expect(count('pieces replayed')?.of).toBeGreaterThan(4);
  expect(findings.map(({ message }) => message).join('\n')).toContain('synthetic');
}, 300_000);

test('is traced from the number of the new block to drawn data', async () => {
  const { code, out: text } = await checkout.cli(['trace', 'extended', 'pixels'], home);
  expect(code).toBe(0);
  expect(text).toMatch(/pixels · evaluate\/pixels/);
  expect(text).toMatch(/benchmarks · data\/benchmarks/);
}, 120_000);

test('is exported as a bundle with the card of the generated set, which audits', async () => {
  const bundle = join(emptyFolder(), 'bundle');
  expect((await checkout.cli(['export', 'extended', '--bundle', bundle], home)).code).toBe(0);
  expect(readFileSync(join(bundle, 'sets/synthetic/README.md'), 'utf8')).toContain('pair/generate');
  const audited = await checkout.cli(['audit', '--bundle', bundle, '--json'], emptyFolder());
  expect([audited.code, (JSON.parse(audited.out) as AuditResult).problems]).toEqual([0, []]);
}, 300_000);
