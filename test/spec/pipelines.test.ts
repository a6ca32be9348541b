import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { canonicalJson } from '../../core/canonical.ts';
import { isNodeRef, type PlanNode } from '../../core/plan.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pipelines = [
  ...readdirSync(`${root}/pipelines`, { encoding: 'utf8', recursive: true })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.yaml')),
  '../examples/pytorch/pytorch.yaml',
];
const schemas = loadStageSchemas();
const kindsOf = (file: string): string[] => [
  ...new Set(expandSpec(readSpec(`pipelines/${file}`, { cwd: root }), schemas).nodes.map(({ kind }) => kind)),
];

describe.each(pipelines)('%s', (file) => {
  it('is a good spec', () => expect(kindsOf(file).length).toBeGreaterThan(0));

  it('is good in the eyes of an editor', () => {
    const schema = JSON.parse(readFileSync(`${root}/schemas/experiment.schema.json`, 'utf8'));
    const ajv = new Ajv({ strict: false, allErrors: true });
    const check = ajv.compile(schema);
    check(parse(readFileSync(`${root}/pipelines/${file}`, 'utf8')));
    expect(check.errors).toBeNull();
  });
});

/** Kinds that the quickstart does without. */
const notInQuickstart: { readonly [why: string]: readonly string[] } = {
  'takes in files': ['data/folder', 'data/import-benchmarks', 'data/import-ijb', 'data/align', 'data/detect'],
  'measures what was taken in': ['data/inspect', 'evaluate/identification', 'evaluate/templates'],
  'compares methods, of which it has one': ['evaluate/frechet'],
  'is a figure of its own': ['evaluate/tsne'],
  'chooses, or puts together': ['recognizer/select', 'data/select', 'data/join'],
  'runs a program of a user': ['command/run'],
  'makes vectors': ['inquiry/centers', 'inquiry/random'],
  'another method than CemiFace': [
    ...['ddpm/train', 'ddpm/generate', 'dcface/train', 'dcface/generate', 'digiface/draw'],
    ...['idiff-face/train-autoencoder', 'idiff-face/import-autoencoder', 'idiff-face/train', 'idiff-face/generate'],
    ...['synface/train-generator', 'synface/generate', 'synface/draw'],
  ],
};

const scalesOf = (file: string): string[] =>
  Object.entries(
    (parse(readFileSync(`${root}/pipelines/${file}`, 'utf8')) as { scales?: object }).scales ?? {},
  ).flatMap(
    // null takes a scale of another file away.
    ([scale, changes]) => (changes === null ? [] : [scale]),
  );

describe.each(pipelines.flatMap((file) => scalesOf(file).map((scale) => [file, scale] as const)))(
  '%s',
  (file, scale) => {
    it(`is a good spec at the scale "${scale}"`, () => {
      const spec = readSpec(`pipelines/${file}`, { cwd: root, set: [`scale=${scale}`] });
      expect(expandSpec(spec, schemas).nodes.length).toBeGreaterThan(0);
    });
  },
);

it('the comparison at the size of the papers makes 20,000 subjects of 50 images, from files, with three students each', () => {
  const spec = readSpec('pipelines/compare.yaml', { cwd: root, set: ['scale=paper'] });
  const { nodes } = expandSpec(spec, schemas);
  const node = (id: string) => nodes.find((each) => each.id === id);
  expect(node('inquiries')?.params).toMatchObject({ count: 20_000, maxSimilarity: 0.3, threshold: null });
  expect(node('cemiface_images')?.params).toMatchObject({ images: 50, oversample: 5, steps: 20 });
  expect(node('short_generator')?.params.network).toMatchObject({
    base: 128,
    patch: 1,
    multipliers: [1, 1, 2, 2, 4, 4],
  });
  expect(nodes.filter(({ kind }) => kind === 'data/procedural')).toEqual([]);
  expect(nodes.filter(({ stage, matrix }) => stage === 'student' && matrix.of === 'cemiface_images')).toHaveLength(3);
  for (const { stage, params } of nodes)
    if (stage.startsWith('student'))
      expect(params).toMatchObject({
        network: { preset: 'ir_se_50' },
        batch: 512,
        epochs: 40,
        s: 64,
        decayNorms: true,
      });
});

it.each(['mini', 'paper'])('at the scale "%s", the figures sample nothing that tables 8 and 11 have not', (scale) => {
  /** What the keys of sets will be made of, by id. */
  const setsOf = (file: string): Map<string, string> => {
    const spec = readSpec(`pipelines/paper/${file}.yaml`, { cwd: root, set: [`scale=${scale}`] });
    const nodes = new Map(expandSpec(spec, schemas).nodes.map((node) => [node.id, node]));
    const made = (id: string): unknown => {
      const { kind, seed, params } = nodes.get(id) as PlanNode;
      return JSON.parse(canonicalJson({ kind, seed, params }), (_, value) =>
        isNodeRef(value) ? [made(value.$node), value.$output] : value,
      );
    };
    const sets = [...nodes.values()].filter(({ kind }) => kind === 'diffusion/generate');
    return new Map(sets.map(({ id }) => [id, JSON.stringify(made(id))]));
  };
  const tables = new Set([...setsOf('table8').values(), ...setsOf('table11').values()]);
  const figures = setsOf('figures');
  expect(figures.size).toBe(6);
  expect([...figures].filter(([, made]) => !tables.has(made)).map(([id]) => id)).toEqual([]);
});

/** Kinds that smoke does without. */
const notInSmoke: { readonly [why: string]: readonly string[] } = {
  // One network of 90 MB alone: test/activities/inception.test.ts makes such a file, imports it and measures an FID.
  'takes in a file too large for the repository': ['inception/import'],
  // pipelines/cleaning.yaml does (test/e2e/programs.test.ts).
  'asks before it runs a program': ['command/run'],
};

it('smoke uses every stage kind that small files will do for, and quickstart all but those that it has a reason to do without', () => {
  const kinds = [...schemas.keys()];
  const left = Object.values(notInSmoke).flat();
  expect(kindsOf('smoke.yaml').sort()).toEqual(kinds.filter((kind) => !left.includes(kind)));
  const without = Object.values(notInQuickstart).flat();
  expect(kindsOf('quickstart.yaml').sort()).toEqual(
    kinds.filter((kind) => !without.includes(kind) && !kind.endsWith('/import')),
  );
});

it.each([
  ['mini', { kind: 'recognizer/train', fid: false, caption: 'Fréchet distance to the real data' }],
  [
    'paper',
    { kind: 'inception/import', fid: true, caption: 'FID to the real data', images: 50_000, precision: 'float32' },
  ],
])('at the scale "%s", table 12 measures and says %j', (scale, wanted) => {
  const spec = readSpec('pipelines/paper/table6.yaml', { cwd: root, set: [`scale=${scale}`] });
  const { nodes } = expandSpec(spec, schemas);
  const nodeOf = (stage: string) => nodes.find((each) => each.stage === stage) as PlanNode;
  const { recognizer, images, precision } = nodeOf('t12_frechet').params;
  const { kind } = nodes.find(({ id }) => isNodeRef(recognizer) && id === recognizer.$node) as PlanNode;
  const report = nodes.find((each) => each.kind === 'report/build') as PlanNode;
  const { caption, note } = (report.params.measures as { table12: { caption: string; note: string } }).table12;
  const said = { fid: note.startsWith('FIDs by'), caption: caption.replace("The paper's table 12: ", '') };
  expect({ kind, images, precision, ...said }).toMatchObject(wanted);
});

it('one --set puts real photos in the place of the drawn faces of quickstart', () => {
  const set = ['stages.faces={uses: data/folder, with: {path: ./photos}}'];
  const { nodes } = expandSpec(readSpec('pipelines/quickstart.yaml', { cwd: root, set }), schemas);
  expect(nodes.find(({ id }) => id === 'faces')).toMatchObject({
    kind: 'data/folder',
    content: { path: `${root}photos`, written: './photos' },
  });
});

it('one --set puts a published network in the place of the E_id that the paper pipeline trains', () => {
  const set = ['stages.identity={uses: recognizer/import, with: {path: adaface.ckpt, channels: bgr}}'];
  const { nodes } = expandSpec(readSpec('pipelines/paper/cemiface.yaml', { cwd: root, set }), schemas);
  expect(nodes.find(({ id }) => id === 'identity')).toMatchObject({
    kind: 'recognizer/import',
    params: { channels: 'bgr' },
  });
});

it('the editor schema refuses what is wrong', () => {
  const schema = JSON.parse(readFileSync(`${root}/schemas/experiment.schema.json`, 'utf8'));
  const check = new Ajv({ strict: false }).compile(schema);
  const spec = (stage: object): object => ({ experiment: 'e', seed: 1, stages: { faces: stage } });
  expect(check(spec({ uses: 'data/procedural', with: { identities: 3 } }))).toBe(true);
  expect(check(spec({ uses: 'data/procedural', with: { identities: '${{ params.n }}' } }))).toBe(true);
  expect(check(spec({ uses: 'data/procedural', with: { identities: -3 } }))).toBe(false);
  expect(check(spec({ uses: 'data/procedural', with: { identites: 3 } }))).toBe(false);
  expect(check(spec({ uses: 'data/procedurl' }))).toBe(false);
});

describe.each(['mini', 'paper'])('all experiments of the paper together, at the scale "%s"', (scale) => {
  const nodesOf = (file: string) =>
    expandSpec(readSpec(`pipelines/paper/${file}`, { cwd: root, set: [`scale=${scale}`] }), schemas).nodes.filter(
      ({ kind }) => kind !== 'report/build',
    );
  const all = new Map(nodesOf('all.yaml').map((node) => [node.id, node]));

  it.each(pipelines.flatMap((file) => /^paper\/(table.*)$/.exec(file)?.slice(1) ?? []))(
    'are each what they are alone: %s',
    (file) => {
      for (const { id, kind, seed, params } of nodesOf(file)) {
        const { kind: k, seed: s, params: p } = all.get(id) ?? {};
        expect([id, k, s, p]).toEqual([id, kind, seed, params]);
      }
    },
  );
});
