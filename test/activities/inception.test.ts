import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage as frechet } from '../../activities/evaluate-frechet/stage.ts';
import { stage } from '../../activities/inception-import/stage.ts';
import { readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { frechetKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec, weightsFields } from '../../artifacts/codecs/weights.ts';
import { putEmbeddings, readEmbeddings, type StoredEmbeddings } from '../../artifacts/embeddings.ts';
import { toJson } from '../../artifacts/finite.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import { loadRecompute } from '../../engine/registry.ts';
import { contentDigest } from '../../formats/content.ts';
import { encodeSafetensors, type SafeTensor, type SafeTensors } from '../../formats/safetensors.ts';
import { fitGaussian, frechetDistance } from '../../metrics/frechet.ts';
import { inceptionFeatures, inceptionImages } from '../../nn/inception/network.ts';
import { tf } from '../../nn/tf.ts';
import { recordOf } from '../helpers/record.ts';
import { filledInception, filledStored } from '../nn/inception.ts';
import { float32, side, toyContext, toyDataset, toyPixels } from './toy.ts';

const context = toyContext();
const { store } = context;
/** No file in the repository: the network has 87 MB of weights, which a formula makes. */
let folder: string;
let stored: SafeTensors;
let inception: ArtifactRef;

const ones = (...shape: number[]): SafeTensor => ({
  ...{ dtype: 'F32', shape },
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

/** Imports a file of the network's tensors with some of them changed. */
const imported = async (changes: { readonly [name: string]: SafeTensor | null } = {}, params = {}) => {
  const path = join(folder, 'inception.safetensors');
  const tensors = Object.entries({ ...stored, ...changes }).filter(
    (entry): entry is [string, SafeTensor] => entry[1] !== null,
  );
  await writeFile(path, encodeSafetensors(Object.fromEntries(tensors)));
  const given = { trainedOn: 'ImageNet', licence: 'Apache-2.0', ...params };
  return (await stage.run(given, { ...context, places: { path } })).weights as ArtifactRef;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inception-'));
  stored = filledStored();
  // As pytorch-fid's file has them: a classifier of 1008 classes beside the network.
  inception = await imported({ 'fc.weight': ones(1008, 2048), 'fc.bias': ones(1008) });
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('inception/import', () => {
  it('takes in the whole network, and leaves out classifiers', async () => {
    const artifact = await weightsCodec.read(store, inception);
    expect(artifact.meta).toMatchObject({ family: 'inception-fid', network: {} });
    expect(weightsFields(artifact).object('imported').whole).toEqual({
      ...{ format: 'safetensors', prefix: '', matched: 470, missing: 0, ignored: 0, unexpected: 0, beside: 2 },
      ...{ trainedOn: 'ImageNet', licence: 'Apache-2.0' },
    });
  });

  it.each([
    [
      'a tensor is missing',
      { 'Mixed_7c.branch_pool.bn.running_var': null },
      /1 tensor is missing \(Mixed_7c\.branch_pool\.bn\.running_var/,
    ],
    [
      'another network’s shape',
      { 'Mixed_5b.branch1x1.conv.weight': ones(32, 192, 1, 1) },
      /must be \[64,192,1,1\], got \[32,192,1,1\]/,
    ],
    [
      'a kernel lies on its side',
      { 'Mixed_6e.branch7x7_2.conv.weight': ones(192, 192, 7, 1) },
      /must be \[192,192,1,7\], got \[192,192,7,1\]/,
    ],
    [
      'a tensor is too many',
      { 'Mixed_8a.conv.weight': ones(1) },
      /1 tensor is not in the network \(Mixed_8a\.conv\.weight\)/,
    ],
    [
      'it is torchvision’s',
      { 'fc.weight': ones(1000, 2048), 'AuxLogits.fc.bias': ones(1000) },
      /torchvision's Inception/,
    ],
  ])(
    'refuses a file where %s',
    async (_, changes, message) => {
      await expect(imported(changes)).rejects.toMatchObject({
        code: 'WeightsMismatch',
        message: expect.stringMatching(message),
      });
    },
    60_000,
  );

  it('refuses a file that has changed since the run was planned', async () => {
    const content = await contentDigest(join(folder, 'inception.safetensors'));
    await expect(imported({}, { content: content.replace(/.$/, 'x') })).rejects.toMatchObject({
      code: 'SourceChanged',
    });
  }, 60_000);
});

describe('evaluate/frechet with the Inception network', () => {
  /** Features of images of the first people, computed one at a time. */
  const featuresOf = (identities: number, images: number, first: number): Float32Array => {
    const weights = filledInception();
    const rows = Array.from({ length: identities * images }, (_, row) =>
      tf.tidy(() => {
        const pixels = toyPixels(first + Math.floor(row / images), row % images);
        const image = tf.div(tf.sub(tf.tensor4d(Float32Array.from(pixels), [1, side, side, 3]), 127.5), 127.5);
        return [...inceptionFeatures(weights, inceptionImages(image as tf.Tensor4D)).dataSync()] as never;
      }),
    ) as unknown as number[][];
    tf.dispose(weights);
    return Float32Array.from(rows.flat());
  };

  it('is the FID: features as they are, named in the metrics', async () => {
    const [data, reference] = [await toyDataset(store, 2, 2), await toyDataset(store, 3, 1, 10)];
    const params = { data, reference, recognizer: inception, images: 10_000, ...float32 };
    const outputs = await frechet.run(params, context);
    const found = await readMetricsOf(store, outputs.metrics as ArtifactRef, frechetKind);
    expect(found).toMatchObject({ space: 'inception', images: 4, referenceImages: 3, dimensions: 2048 });
    const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
    const { embeddings } = await readEmbeddings(store, scores, 'data');
    const wanted = featuresOf(2, 2, 0);
    const largest = Math.max(...wanted);
    expect(largest).toBeGreaterThan(5);
    const apart = wanted.map((value, i) => Math.abs((embeddings[i] as number) - value));
    expect(Math.max(...apart)).toBeLessThan(1e-4 * largest);
    // Heartbeats leave while matrices of 2048 numbers are decomposed.
    expect(context.steps.filter(({ phase }) => phase === 'fit Gaussians').length).toBeGreaterThan(30);
  }, 600_000);

  it('is recomputed from stored features, in the space of its network', async () => {
    const [data, reference] = [await toyDataset(store, 2, 2), await toyDataset(store, 3, 1, 10)];
    // Of three numbers each: those of the network are nothing to wait for twice.
    const rows = (from: number): StoredEmbeddings => ({
      ...{ embeddings: Float32Array.from({ length: 12 }, (_, i) => Math.sin(from + i * i)), size: 3 },
      ...{ identity: Int32Array.of(0, 0, 1, 1), image: Int32Array.of(0, 1, 0, 1) },
    });
    const files = [
      ...(await putEmbeddings(store, 'data', rows(1))),
      ...(await putEmbeddings(store, 'reference', rows(2))),
    ];
    const scores = await scoresCodec.write(store, { embedded: 4, referenceEmbedded: 4, dimensions: 3 }, files);
    const params = toJson({ data, reference, recognizer: inception }, 'params') as JsonObject;
    const recompute = (await loadRecompute('evaluate/frechet')) as Recompute;
    const action = { kind: 'evaluate/frechet', params, seed: 7, code: digestOf('x') };
    const distance = frechetDistance(fitGaussian(rows(1).embeddings, 3), fitGaussian(rows(2).embeddings, 3));
    expect((await recompute(recordOf(action, { scores }), store)).metrics).toMatchObject({
      ...{ kind: 'frechet', space: 'inception', recognizer: inception.digest, reference: reference.digest },
      ...{ images: 4, referenceImages: 4, dimensions: 3, ...distance },
    });
  });
});
