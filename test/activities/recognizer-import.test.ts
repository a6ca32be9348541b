import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage as verification } from '../../activities/evaluate-verification/stage.ts';
import { stage as inquiry } from '../../activities/inquiry-random/stage.ts';
import { stage } from '../../activities/recognizer-import/stage.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { loadWeights, weightsCodec, weightsFields } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { contentDigest } from '../../formats/content.ts';
import { encodeSafetensors, type SafeTensor } from '../../formats/safetensors.ts';
import { initialise } from '../../nn/parameters.ts';
import { type Preset, presets, recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { storedShape, toSafetensors } from '../../nn/weights.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { chooseNetwork } from '../../training/import/network.ts';
import { loadSet } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';
import { float32, toyBenchmarks, toyContext, toyTraining } from './toy.ts';

const fixtures = join(import.meta.dirname, '../fixtures/formats/weights');
const context = toyContext();
const { store } = context;
let folder: string;
let expected: {
  readonly network: JsonObject;
  readonly files: { readonly [file: string]: { channels: string; variant: string; embeddings: number[][] } };
};
let photos: ArtifactRef;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
  expected = JSON.parse(await readFile(join(fixtures, 'expected.json'), 'utf8'));
  const writer = new DatasetWriter(store, { height: 16, width: 16 });
  for (const image of [0, 1, 2, 3])
    await writer.addEncoded({ identity: 0, image, bytes: await readFile(join(fixtures, `${image}.jpg`)) });
  photos = await writer.finish({ origin: 'folder', peopleShown: 'drawn' });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const schema = loadStageSchemas().get('recognizer/import');

/** @param params checked against the schema, which fills in its defaults */
const run = async (path: string, params: JsonObject): Promise<ArtifactRef> => {
  const filled: JsonObject = structuredClone({ path, ...params });
  if (!schema?.validate(filled)) throw new Error(JSON.stringify(schema?.validate.errors));
  const outputs = await stage.run(filled as never, { ...context, places: { path } });
  return outputs.weights as ArtifactRef;
};

const networkOf = (variant: string): JsonObject => ({ preset: 'ir_18', ...expected.network, variant });

const published = (file: string, params: JsonObject = {}): Promise<ArtifactRef> => {
  const { channels, variant } = expected.files[file] as { channels: string; variant: string };
  return run(join(fixtures, file), { channels, network: networkOf(variant), ...params });
};

const embeddingsOf = async (recognizer: ArtifactRef): Promise<number[][]> => {
  const set = await loadSet(context, photos);
  const rows = await withEmbedder(store, recognizer, { view: 'plain', ...float32 }, async (embedder) =>
    Float32Array.from(await embedder.embed(set, context)),
  );
  return Array.from({ length: 4 }, (_, i) => [...rows.subarray(i * 8, i * 8 + 8)]);
};

const largestDifference = (a: readonly number[][], b: readonly number[][]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - (b[i]?.[k] as number)))));

/** A safetensors file of tensors of ones, or as given. */
const file = async (name: string, tensors: { readonly [name: string]: readonly number[] }): Promise<string> => {
  const entries = Object.entries(tensors).map(([each, shape]): [string, SafeTensor] => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [each, { dtype: 'F32', shape, data: new Float32Array(size).fill(1) }];
  });
  const path = join(folder, name);
  await writeFile(path, encodeSafetensors(Object.fromEntries(entries)));
  return path;
};

/** Names and shapes of AdaFace's small network, as its artifact holds them. */
const shapesOf = async (ref: ArtifactRef): Promise<{ [name: string]: readonly number[] }> =>
  Object.fromEntries(Object.entries(await loadWeights(store, ref)).map(([name, { shape }]) => [name, shape]));

describe('recognizer/import', () => {
  it.each(['adaface.ckpt', 'backbone.pth', 'sharded', 'bfloat16.safetensors'])(
    '%s gives the embeddings that PyTorch gives for the same JPEGs',
    async (name) => {
      const found = await embeddingsOf(await published(name));
      const wanted = expected.files[name]?.embeddings as number[][];
      expect(largestDifference(found, wanted)).toBeLessThan(1e-4);
    },
    60_000,
  );

  it('obeys the order of colours: the other one gives other embeddings', async () => {
    const found = await embeddingsOf(await published('adaface.ckpt', { channels: 'rgb' }));
    expect(largestDifference(found, expected.files['adaface.ckpt']?.embeddings as number[][])).toBeGreaterThan(0.01);
  }, 60_000);

  it('says what became of every tensor of the file', async () => {
    const artifact = await weightsCodec.read(store, await published('adaface.ckpt', { trainedOn: 'WebFace4M' }));
    const imported = weightsFields(artifact).object('imported').whole;
    expect(imported).toEqual({
      ...{ format: 'pytorch', prefix: 'model.', matched: 64, missing: 0, ignored: 13, unexpected: 0, beside: 4 },
      ...{ trainedOn: 'WebFace4M', licence: '' },
    });
    const listed = artifact.files.find(({ path }) => path === 'import.json');
    const report = JSON.parse((await store.getBlob(listed?.digest as Digest)).toString()) as {
      readonly [name: string]: Json;
    };
    expect(report.beside).toEqual(['head.kernel', 'head.t', 'head.batch_mean', 'head.batch_std']);
    expect(Object.entries(report.matched as JsonObject)[0]).toEqual([
      'input_layer.0.weight',
      'model.input_layer.0.weight',
    ]);
    expect(recognizerOf(artifact)).toEqual({
      config: expect.objectContaining({ channels: 'bgr', imageSize: 16, variant: 'ir' }),
      classes: 0,
    });
  });

  it('takes back what it exported, with a classifier beside it', async () => {
    const ref = await published('adaface.ckpt');
    const tensors = await loadWeights(store, ref);
    const kernel: SafeTensor = { dtype: 'F32', shape: [8, 2], data: new Float32Array(16) };
    const path = join(folder, 'model.safetensors');
    await writeFile(path, encodeSafetensors({ ...tensors, 'head.kernel': kernel }));
    const again = await run(path, { channels: 'bgr', network: networkOf('ir') });
    const modelOf = async (each: ArtifactRef) =>
      (await store.getArtifact(each)).files.filter(({ path: p }) => p !== 'import.json');
    expect(await modelOf(again)).toEqual(await modelOf(ref));
  });

  it('finds the preset by names and shapes, though a smaller network would fit the file too', () => {
    const tensorsOf = (preset: Preset) =>
      recognizerParameters(presets[preset]).map((each) => ({
        name: `module.${each.name}`,
        shape: storedShape(each),
        dtype: 'F32',
      }));
    for (const preset of [
      'small',
      'ir_18',
      'ir_50',
      'ir_100',
      'ir_se_50',
      'iresnet_18',
      'iresnet_50',
      'iresnet_100',
    ] as const) {
      const options = { channels: 'rgb', prefix: 'auto', strict: true } as const;
      const { config, match } = chooseNetwork(tensorsOf(preset), { preset: 'auto' }, options);
      expect({ preset, config }).toEqual({ preset, config: presets[preset] });
      expect(match.prefix).toBe('module.');
    }
  });

  it('refuses weights of another network, with names, shapes and what comes nearest', async () => {
    const shapes = await shapesOf(await published('adaface.ckpt'));
    const { 'body.0.res_layer.3.weight': slopes, ...rest } = shapes as { 'body.0.res_layer.3.weight': number[] };
    const path = await file('renamed.safetensors', {
      ...rest,
      'body.0.res_layer.3.slopes': slopes,
      'output_layer.3.bias': [9],
    });
    const refused = run(path, { channels: 'rgb', network: networkOf('ir') });
    await expect(refused).rejects.toMatchObject({
      code: 'WeightsMismatch',
      message:
        'the file does not fit ir_18: 1 tensor is missing (body.0.res_layer.3.weight; nearest in the file: body.0.res_layer.3.slopes); ' +
        '1 tensor has another shape (output_layer.3.bias must be [8], got [9]); 1 tensor is not in the network (body.0.res_layer.3.slopes)',
      data: { matched: 62, missing: ['body.0.res_layer.3.weight'], unexpected: ['body.0.res_layer.3.slopes'] },
    });
  });

  it('refuses tensors that the network does not have, unless strict is off', async () => {
    const shapes = await shapesOf(await published('adaface.ckpt'));
    const path = await file('affine.safetensors', { ...shapes, 'output_layer.4.weight': [8] });
    const params = { channels: 'rgb', network: networkOf('ir') };
    await expect(run(path, params)).rejects.toMatchObject({
      code: 'WeightsMismatch',
      message: expect.stringContaining('1 tensor is not in the network (output_layer.4.weight)'),
    });
    const { meta } = await weightsCodec.read(store, await run(path, { ...params, strict: false }));
    expect(meta.more.imported).toMatchObject({ unexpected: 1 });
  });

  it('asks which network is meant where a file holds two, and takes the one that is named', async () => {
    const shapes = await shapesOf(await published('adaface.ckpt'));
    const under = (prefix: string) =>
      Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name, shape]));
    const path = await file('two.safetensors', { ...under('model.'), ...under('ema.') });
    const params = { channels: 'rgb', network: networkOf('ir') };
    await expect(run(path, params)).rejects.toMatchObject({
      code: 'PrefixAmbiguous',
      data: { prefixes: ['ema.', 'model.'] },
    });
    const { meta } = await weightsCodec.read(store, await run(path, { ...params, prefix: 'ema.' }));
    expect(meta.more.imported).toMatchObject({ prefix: 'ema.', beside: 64 });
  });

  it('refuses weights that have changed since the run was planned', async () => {
    const path = join(folder, 'changing.ckpt');
    await copyFile(join(fixtures, 'adaface.ckpt'), path);
    const content = await contentDigest(path);
    const params = { channels: 'bgr', network: networkOf('ir') };
    await run(path, { ...params, content });
    await expect(run(path, { ...params, content: content.replace(/.$/, 'x') })).rejects.toMatchObject({
      code: 'SourceChanged',
    });
  });

  it.each([
    ['nowhere', 'FolderNotFound', undefined],
    ['text.pth', 'FormatInvalid', 'no weights at all'],
    ['empty.pth', 'FormatInvalid', ''],
    ['model.safetensors.index.json', 'FormatInvalid', '{"weight_map": {}}'],
  ])('refuses %s', async (name, code, text) => {
    const path = join(folder, name);
    if (text !== undefined) await writeFile(path, text);
    await expect(run(path, { channels: 'rgb' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(basename(path)),
    });
  });

  it.each([
    [{ weight_map: { a: '../a.safetensors' } }, /beside the index/],
    [{ weight_map: { a: 1 } }, /beside the index/],
    [{ weight_map: { a: 'gone.safetensors' } }, /gone\.safetensors, which is not there/],
    [[], /weight_map/],
  ])('refuses a sharded set with the index %j', async (index, message) => {
    const set = await mkdtemp(join(folder, 'set-'));
    await writeFile(join(set, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(run(set, { channels: 'rgb' })).rejects.toThrow(message);
  });

  it('serves stages that take a recognizer: verification, and directions in its space', async () => {
    const shapes = { ...toyTraining.network, preset: 'ir_18', imageSize: 12, variant: 'ir' };
    const { preset, stemWidth, stemStride, widths, depths, strides, embedding, imageSize, variant } = shapes;
    const values = {
      stemWidth,
      stemStride,
      widths: [...widths],
      depths: [...depths],
      strides: [...strides],
      embedding,
    };
    const parameters = recognizerParameters(recognizerConfig('ir_18', { ...values, imageSize, variant: 'ir' }));
    await mkdir(join(folder, 'own'), { recursive: true });
    await writeFile(
      join(folder, 'own', 'w.safetensors'),
      encodeSafetensors(toSafetensors(initialise(parameters, 1), parameters)),
    );
    const network = { ...values, preset, imageSize, variant };
    const recognizer = await run(join(folder, 'own'), { channels: 'rgb', network });
    const benchmarks = await toyBenchmarks(store, 100);
    const scored = await verification.run({ recognizer, benchmarks, sets: [], ...float32 }, context);
    expect(Object.keys(scored)).toEqual(['metrics', 'scores']);
    const drawn = await inquiry.run({ recognizer, count: 3 } as never, context);
    expect(Object.keys(drawn)).toEqual(['inquiries']);
  }, 60_000);
});
