import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Digest } from '../../core/digest.ts';
import { madeNodes } from '../../core/lineage.ts';
import type { Adoption } from '../../engine/adopt/index.ts';
import { openRun } from '../../engine/seal.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { type CheckoutCopy, copyCheckout } from '../helpers/checkout.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** A real run, and checkouts whose code has changed since: with the same results, and with others. */
let services: TestServices;
let store: Store;
let renamed: CheckoutCopy;
let before: string;
const spec = join(emptyFolder(), 'spec.yaml');

beforeAll(async () => {
  services = await startServices();
  store = await openStore(services.endpoints.s3);
  const photos = JSON.stringify(join(root, 'pipelines/photos'));
  writeFileSync(
    spec,
    `experiment: adopted
seed: 3
stages:
  photos: {uses: data/folder, with: {path: ${photos}, size: 16}}
  faces: {uses: data/procedural, with: {identities: 60, images: 4, size: 32}}
  benchmarks: {uses: data/benchmarks, with: {sets: [lfw], pairs: 40, identities: 20, size: 32}}
  teacher:
    uses: recognizer/train
    matrix: {epochs: [1, 2]}
    with: {data: "\${{ stages.faces }}", s: 24, lr: 0.05, batch: 32, epochs: "\${{ matrix.epochs }}", milestones: []}
  verify:
    uses: evaluate/verification
    with: {recognizer: "\${{ stages.teacher[epochs=1] }}", benchmarks: "\${{ stages.benchmarks }}"}
report:
  title: Adopted
  accuracy: [{label: teacher, metrics: "\${{ stages.verify }}"}]
  paper: false
`,
  );
  const made = await cli(['run', spec, '--out', emptyFolder()], { home: services.home });
  expect(made.code, made.err).toBe(0);
  before = (await store.listRuns())[0]?.id as string;
  renamed = copyCheckout();
  // Names that reach no result, and words of the page.
  renamed.edit('data/intake/intake.ts', "phase: 'read images'", "phase: 'take images in'");
  renamed.edit('faces/drawn-set.ts', "phase: 'draw faces'", "phase: 'draw people'");
  renamed.edit(
    'report/blocks/accuracy/table.ts',
    'Accuracy of 1:1 verification',
    'Accuracy of one-to-one verification',
  );
}, 600_000);

afterAll(async () => {
  await services?.stop();
  if (renamed) rmSync(renamed.folder, { recursive: true, force: true });
});

const json = <T>({ out }: Pick<CliResult, 'out'>): T => JSON.parse(out) as T;

test('code that gives other results is refused with the place, and nothing is written', async () => {
  const copy = copyCheckout(renamed.folder);
  copy.edit(
    'activities/data-procedural/stage.ts',
    '...everyday, variation,',
    '...everyday, variation: variation * 1.01,',
  );
  const objects = await store.objects.list('');
  const { code, out, err } = await copy.cli(['adopt', before, '--seed', '1', '--json'], services.home);
  expect([code, out]).toEqual([1, '']);
  const { error } = JSON.parse(err.trim().split('\n').at(-1) as string) as { error: { code: string; message: string } };
  expect(error.code).toBe('AdoptionRefused');
  expect(error.message).toMatch(
    /faces#[12] \(data\/procedural\) did not come out the same under today's code: data came out as [0-9a-f]+, the record has [0-9a-f]+/,
  );
  expect(await store.objects.list('')).toEqual(objects);
  rmSync(copy.folder, { recursive: true });
}, 300_000);

test('code that gives the same results lets them count: all hits, and an audit that says so', async () => {
  const planned = await renamed.cli(['plan', spec], services.home);
  expect(planned.out).toContain('code changed');
  const adoption = json<Adoption>(await renamed.cli(['adopt', before, '--seed', '1', '--json'], services.home));
  expect(Object.keys(adoption.kinds).sort()).toEqual(['data/folder', 'data/procedural']);
  expect(adoption).toMatchObject({ adopted: 4, reports: ['report'] });
  for (const { replayed } of Object.values(adoption.kinds)) expect(replayed.length).toBeGreaterThan(0);
  const after = await renamed.cli(['plan', spec], services.home);
  expect(after.out).toContain(`${adoption.run}: 7 hits (2 adopted), 0 misses`);
  expect(after.out).toMatch(/^hit \(adopted\) +faces /m);
  const audited = await renamed.cli(['audit', adoption.run, '--replay', 'faces', '--json'], services.home);
  const { problems, checks, findings } = json<AuditResult>(audited);
  expect([audited.code, problems]).toEqual([0, []]);
  expect(checks).toContainEqual({ what: 'adoptions checked', held: 4, of: 4 });
  expect(checks).toContainEqual({ what: 'pieces replayed', held: 4, of: 4 });
  expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toContainEqual(
    expect.stringMatching(
      /^note: 4 actions of older code adopted by .*: under the newer code, \d+ replayed pieces? gave the same bytes/,
    ),
  );
  const traced = await renamed.cli(['trace', adoption.run, 'faces', '--long'], services.home);
  expect(traced.out).toContain('adopted: done by code sha256:');
}, 300_000);

test('adopted again, both statements stand in the record; the older runs may go, and a bundle holds all of it', async () => {
  const copy = copyCheckout(renamed.folder);
  copy.edit('faces/drawn-set.ts', "phase: 'draw people'", "phase: 'draw all people'");
  const { run } = json<Adoption>(await copy.cli(['adopt', 'adopted', '--json'], services.home));
  const document = await store.getRun(run);
  const lineage = await openRun(store, { type: 'run', digest: document?.root as Digest });
  const faces = madeNodes(lineage).find(({ node }) => node.id === 'faces');
  expect(faces?.record.adopted?.statements).toHaveLength(2);
  const others = (await store.listRuns()).map(({ id }) => id).filter((id) => id !== run);
  expect((await copy.cli(['rm', ...others], services.home)).code).toBe(0);
  expect((await copy.cli(['gc', '--remove', '--grace', '0'], services.home)).code).toBe(0);
  const audited = await copy.cli(['audit', run], services.home);
  expect([audited.code, audited.out]).toEqual([0, expect.stringMatching(/^4 of 4 +adoptions checked$/m)]);
  const bundle = join(emptyFolder(), 'bundle');
  expect((await copy.cli(['export', run, '--bundle', bundle], services.home)).code).toBe(0);
  const away = await copy.cli(['audit', '--bundle', bundle, '--json'], services.home);
  const { problems, checks } = json<AuditResult>(away);
  expect([away.code, problems]).toEqual([0, []]);
  expect(checks).toContainEqual({ what: 'adoptions checked', held: 4, of: 4 });
  rmSync(copy.folder, { recursive: true });
}, 300_000);

test('a report that prints another number under today’s code is refused', async () => {
  const copy = copyCheckout(renamed.folder);
  copy.edit('report/blocks/accuracy/table.ts', 'Accuracy of one-to-one', 'Accuracies of one-to-one');
  copy.edit('report/format.ts', 'digits = 2', 'digits = 1');
  const { code, err } = await copy.cli(['adopt', 'adopted'], services.home);
  expect(code).toBe(1);
  expect(err).toMatch(/error\[AdoptionRefused\].*report prints .+ for \S+ under today's code, it printed /);
  rmSync(copy.folder, { recursive: true });
}, 300_000);
