import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { editDistance, nearest } from '../../core/nearest.ts';
import { isSharded } from '../../core/stage.ts';
import { loadEstimate } from '../../engine/estimates.ts';
import { loadRecompute, loadStage } from '../../engine/registry.ts';
import { explainErrors } from '../../schemas/explain.ts';
import { generatedFiles } from '../../schemas/generate.ts';
import { kindPlaces } from '../../schemas/kind-places.ts';
import {
  checkParams,
  factsOfKind,
  loadStageSchemas,
  type StageSchema,
  schemasOfCheckout,
} from '../../schemas/stage-schemas.ts';
import { fixtureKinds, fixtureSchemas, writeSpecs } from '../spec/helpers.ts';

type Staged = { 'x-stage': JsonObject };
type Draft = { properties: { [name: string]: JsonObject } };
const folder = { description: 'A folder.', type: 'string', default: '', contentDigest: true };

const kindOf = (name: string): StageSchema => fixtureSchemas.get(name) as StageSchema;

describe('stage schemas', () => {
  it('say resource, parts and outputs, the first of which is the default', () => {
    expect(kindOf('recognizer/train')).toMatchObject({
      resource: 'tensor',
      sharded: false,
      outputs: { weights: 'weights', log: 'metrics' },
      defaultOutput: 'weights',
    });
    expect(kindOf('data/folder').contentOf).toBe('path');
  });

  it('say what the kind is to the rest of the system', () => {
    expect(kindOf('recognizer/train').facts).toEqual({ role: 'model', raw: false, inputs: { data: 'training-data' } });
    expect(factsOfKind('diffusion/generate#part')).toMatchObject({ role: 'generated-data', raw: false });
    expect(factsOfKind('evaluate/privacy')).toMatchObject({ measures: 'privacy', inputs: { real: 'compared-data' } });
    expect(factsOfKind('data/folder').raw).toBe(true);
  });

  it('give every kind that computes with tensors the same precision, which no machine chooses', () => {
    const kinds = [...loadStageSchemas().values()].map(({ kind, resource, schema }) => {
      const { precision } = schema.properties as { precision?: { enum: string[]; default: string } };
      return {
        kind,
        given: precision?.enum,
        wanted: resource === 'tensor' ? ['float32', 'bfloat16', 'float16', 'tf32'] : undefined,
        precision,
      };
    });
    for (const { kind, given, wanted } of kinds) expect(given, kind).toEqual(wanted);
    expect(new Set(kinds.flatMap(({ precision }) => precision?.default ?? []))).toEqual(new Set(['float32']));
  });

  it('of kinds that this checkout does not have are unknown, which says nothing good', () => {
    expect(factsOfKind('data/recordio')).toEqual({ role: 'unknown', raw: false, inputs: {} });
  });

  it('check params with resolved artifacts in the activity too, and fill defaults in', () => {
    const data = { type: 'dataset', digest: digestOf('faces') };
    expect(checkParams(kindOf('recognizer/train'), { data })).toMatchObject({
      data,
      epochs: 14,
      head: { margin: 0.4 },
    });
    const wrong = () => checkParams(kindOf('recognizer/train'), { data: { ...data, type: 'weights' } });
    expect(wrong).toThrowError(expect.objectContaining({ code: 'ParamsInvalid' }));
  });

  it.each([
    ['no description', (s: Record<string, never>) => delete s.description, /description is missing/],
    [
      'other properties allowed',
      (s: Record<string, unknown>) => delete s.additionalProperties,
      /additionalProperties must be false/,
    ],
    ['no outputs', (s: Record<string, never>) => delete s['x-stage'], /x-stage\.outputs must name at least one/],
    [
      'a number without a range',
      (s: Draft) => delete s.properties.epochs?.maximum,
      /epochs must have a minimum and a maximum/,
    ],
    [
      'a parameter without default',
      (s: Draft) => delete s.properties.epochs?.default,
      /epochs must have a default or be required/,
    ],
    [
      'an unknown keyword',
      (s: Draft) => Object.assign(s.properties.epochs as JsonObject, { minimun: 1 }),
      /unknown keyword: "minimun"/,
    ],
    [
      'an unknown artifact type',
      (s: Draft) => Object.assign(s.properties.data as JsonObject, { artifact: 'image' }),
      /unknown artifact type image/,
    ],
    ['no role', (s: Staged) => delete s['x-stage'].role, /x-stage\.role must be one of real-data, drawn-data/],
    ['another role', (s: Staged) => Object.assign(s['x-stage'], { role: 'photos' }), /x-stage\.role must be one of/],
    [
      'an input that nothing is said of',
      (s: Staged) => delete s['x-stage'].inputs,
      /x-stage\.inputs\.data must be one of training-data/,
    ],
    [
      'an input that is no parameter',
      (s: Staged) => Object.assign(s['x-stage'].inputs as JsonObject, { teacher: 'guide' }),
      /x-stage\.inputs\.teacher must name a parameter that takes artifacts/,
    ],
    [
      'raw outputs that were made of others',
      (s: Staged) => Object.assign(s['x-stage'], { raw: true }),
      /x-stage\.raw is for kinds that take no artifacts/,
    ],
    [
      'an evaluation that measures nothing',
      (s: Staged) => Object.assign(s['x-stage'], { role: 'evaluation' }),
      /x-stage\.measures must be one of accuracy/,
    ],
    [
      'two folders whose content is part of the key',
      (s: Draft) => Object.assign(s.properties, { photos: folder, masks: folder }),
      /contentDigest is for one parameter alone, got photos, masks/,
    ],
    [
      'a folder inside a parameter',
      (s: Draft) =>
        Object.assign(s.properties, {
          from: { description: 'x', type: 'object', default: {}, properties: { photos: folder } },
        }),
      /from: contentDigest must be true or "code", and on a parameter of type string/,
    ],
    [
      'a folder that is a list',
      (s: Draft) => Object.assign(s.properties, { photos: { ...folder, type: 'array', default: [] } }),
      /photos: contentDigest must be true or "code", and on a parameter of type string/,
    ],
    [
      'a parameter named content beside a folder',
      (s: Draft) =>
        Object.assign(s.properties, { photos: folder, content: { description: 'x', type: 'string', default: '' } }),
      /content is filled in with the digest of photos/,
    ],
  ])('with %s are refused', (_, spoil, fault) => {
    const schema = JSON.parse(readFileSync(join(fixtureKinds, 'recognizer-train.schema.json'), 'utf8'));
    spoil(schema as never);
    const folder = writeSpecs({});
    writeFileSync(join(folder, 'recognizer-train.schema.json'), JSON.stringify(schema));
    const failed = expect.objectContaining({ code: 'StageSchemaInvalid', message: expect.stringMatching(fault) });
    // Keywords are checked when a schema is compiled, which it is when a spec uses the kind.
    expect(() => loadStageSchemas(folder).get('recognizer/train')?.validate).toThrowError(failed);
  });

  it('compile, each kind of this checkout', () => {
    for (const { validate } of loadStageSchemas().values()) expect(validate).toBeTypeOf('function');
  });

  it('belong to a module each, and no schema is left without one', async () => {
    for (const [kind, { sharded }] of loadStageSchemas()) expect(isSharded(await loadStage(kind)), kind).toBe(sharded);
    const schemas = readdirSync(new URL('../../schemas/stages', import.meta.url));
    expect(schemas.filter((file) => !kindPlaces().some(({ schema }) => schema.endsWith(`/${file}`)))).toEqual([]);
    await expect(loadStage('no/such')).rejects.toMatchObject({ code: 'UnknownKind' });
  });
});

describe('folders of stage kinds', () => {
  const stage = 'export const stage = {};\n';

  it('may not share one name: it would be unclear which code and which schema count', () => {
    const root = writeSpecs({
      'activities/data-folder/stage.ts': stage,
      'methods/mine/folder/stage.ts': stage,
      'methods/mine/folder/schema.json': '{ "x-stage": { "kind": "data/folder" } }',
    });
    expect(() => kindPlaces(root)).toThrowError(
      expect.objectContaining({
        code: 'KindInvalid',
        message: expect.stringContaining('activities/data-folder and methods/mine/folder both'),
      }),
    );
  });

  it.each(['activities/Bad Name', 'activities/noverb', 'activities/-lead', 'methods/mine/Train'])(
    'are refused where they give a bad name: %s',
    (folder) =>
      expect(() => kindPlaces(writeSpecs({ [`${folder}/stage.ts`]: stage }))).toThrowError(
        expect.objectContaining({ code: 'KindInvalid', message: expect.stringContaining(folder) }),
      ),
  );

  it.each([5, 'a/b#part', '../evil'])('are refused where the schema gives a bad name: %j', (kind) => {
    const schema = JSON.stringify({ 'x-stage': { kind } });
    const root = writeSpecs({ 'methods/mine/train/stage.ts': stage, 'methods/mine/train/schema.json': schema });
    expect(() => kindPlaces(root)).toThrowError(expect.objectContaining({ code: 'KindInvalid' }));
  });

  it('are skipped where they are hidden, or hold a folder named stage.ts', () => {
    const root = writeSpecs({
      'methods/idiff-face/train/stage.ts': stage,
      'methods/.cache/train/stage.ts': stage,
      'activities/a-b/stage.ts/x': '',
    });
    expect(kindPlaces(root).map(({ kind }) => kind)).toEqual(['idiff-face/train']);
  });

  it.each(['schemas/stages/a-b.schema.json', 'methods/mine/train/schema.json'])(
    'must be there for a schema: %s',
    (file) =>
      expect(() => schemasOfCheckout(writeSpecs({ [file]: '{}' }))).toThrowError(
        expect.objectContaining({ code: 'StageSchemaInvalid', message: `${file} belongs to no stage kind` }),
      ),
  );

  it('may not be renamed by the schema of an activity', () => {
    const file = 'schemas/stages/data-set.schema.json';
    const root = writeSpecs({ 'activities/data-set/stage.ts': stage, [file]: '{ "x-stage": { "kind": "a/b" } }' });
    expect(() => schemasOfCheckout(root)).toThrowError(/x-stage\.kind is for schemas of methods/);
  });
});

describe('what computes numbers again', () => {
  it('is found beside the stage of the kinds that have it', async () => {
    const having = kindPlaces().flatMap(({ kind, recompute }) => (recompute ? [kind] : []));
    expect(having).toEqual([
      'centers/compute',
      'data/inspect',
      'evaluate/frechet',
      'evaluate/identification',
      'evaluate/privacy',
      'evaluate/similarity',
      'evaluate/templates',
      'evaluate/tsne',
      'evaluate/verification',
    ]);
    for (const kind of having) expect(await loadRecompute(kind), kind).toBeTypeOf('function');
    expect(await loadRecompute('recognizer/train')).toBeUndefined();
    expect(await loadRecompute('no/such')).toBeUndefined();
  });
});

describe('what estimates a kind', () => {
  it('is found beside the stage, and is missing only where there is nothing to estimate, or nothing is known of it', async () => {
    const places = kindPlaces();
    const without = places.flatMap(({ kind, estimate }) => (estimate ? [] : [kind]));
    expect(without).toEqual(['command/run', 'detector/import', 'diffusion/import', 'report/build']);
    for (const { kind, estimate } of places)
      if (estimate) expect(await loadEstimate(kind, places), kind).toBeTypeOf('function');
    expect(await loadEstimate('report/build', places)).toBeUndefined();
    expect(await loadEstimate('no/such', places)).toBeUndefined();
  });
});

describe('the m of diffusion/generate', () => {
  const kind = loadStageSchemas().get('diffusion/generate') as StageSchema;
  const paramsOf = (m: Json): JsonObject => ({
    generator: { type: 'weights', digest: digestOf('generator') },
    inquiries: { type: 'inquiries', digest: digestOf('inquiries') },
    m,
  });
  const withM = (m: Json): JsonObject => checkParams(kind, paramsOf(m));

  const valid: Json[] = [0.5, [0, 1], { among: [0, 0.5, 0.9] }, { lowest: 0, highest: 0.1 }];
  it.each(valid.map((m) => [m]))('may be %j', (m) => {
    expect(withM(m)).toMatchObject({ m, eta: 0, epsilon: 'network' });
  });

  const invalid: Json[] = [
    ...[2, [], { among: [] }, { among: [2] }, { lowest: 0 }, { lowest: 0, highest: 2 }],
    { among: [0], lowest: 0, highest: 1 },
  ];
  it.each(invalid.map((m) => [m]))('may not be %j', (m) => {
    expect(() => withM(m)).toThrow(expect.objectContaining({ code: 'ParamsInvalid' }));
    kind.validate(paramsOf(m));
    const [first, ...others] = explainErrors(kind.validate.errors ?? [], kind, 'set.with', () => []);
    expect(others).toEqual([]);
    expect(first?.message).toContain('set.with.m has none of the forms that it may have');
    expect(first?.remedy).toContain('a mapping with among, or a mapping with lowest and highest');
  });
});

describe('generated files', () => {
  it.each(Object.entries(generatedFiles(loadStageSchemas())))('%s is up to date', (path, text) => {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    expect(readFileSync(file, 'utf8'), 'run "node --import tsx schemas/generate.ts"').toBe(text);
  });
});

describe('the nearest spelling', () => {
  it('counts a swap of neighbours as one step', () => {
    expect(editDistance('trian', 'train')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });

  it('finds what was meant, and nothing where nothing is near', () => {
    expect(nearest('identites', ['images', 'identities'])).toBe('identities');
    expect(nearest('IDENTITIES', ['images', 'identities'])).toBe('identities');
    expect(nearest('xyz', ['images', 'identities'])).toBeUndefined();
    expect(nearest('procedural', ['data/procedural'])).toBe('data/procedural');
  });
});
