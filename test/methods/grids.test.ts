import { beforeAll, describe, expect, it } from 'vitest';
import { stage as recognizers } from '../../activities/recognizer-train/stage.ts';
import { readFileOf } from '../../artifacts/codec.ts';
import { metricsCodec, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { pixelsOf } from '../../data/images.ts';
import { decodeImage } from '../../formats/image.ts';
import { withCemiFace } from '../../methods/cemiface/generate/generator.ts';
import { stage as cemiface } from '../../methods/cemiface/train/stage.ts';
import { withGenerator } from '../../methods/dcface/generate/generator.ts';
import { dcfaceDenoiser } from '../../methods/dcface/network.ts';
import { stage as dcface } from '../../methods/dcface/train/stage.ts';
import { stage as ddpm } from '../../methods/ddpm/train/stage.ts';
import { withIDiffFace } from '../../methods/idiff-face/generate/generator.ts';
import { stage as idiffFace } from '../../methods/idiff-face/train/stage.ts';
import { initialise } from '../../nn/parameters.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { IdentityTable } from '../../training/identity-table.ts';
import { loadSet } from '../../training/input.ts';
import { loadRecognizer } from '../../training/recognizer.ts';
import { float32, side, toyContext, toyDataset, toyTraining } from '../activities/toy.ts';
import { putGenerator, putRecognizer, tinyGenerator, withoutZeros } from './cemiface/tiny.ts';
import { putGuide, tinyNetwork } from './dcface/tiny.ts';
import { putAutoencoder, trainParams } from './idiff-face/tiny.ts';

const context = toyContext();
const { store } = context;
/** Three rows of three images. */
const samples = { grids: 2, identities: 3, images: 3, steps: 4 };
/** Images of a person: those of the rows are 0, 4 and 8. */
const images = 4;
const sampling = { steps: samples.steps, batch: 9, eta: 0, epsilon: 'network' as const, ...float32 };
/** Eight steps, by whose end the weights are far from their average. */
const training = {
  ...{ epochs: 2, batch: 4, microBatch: 0, recompute: false, lr: 0.02, warmup: 0, decay: 'constant', weightDecay: 0 },
  ...{ emaMaximum: 0.9999, timesteps: 50, snrFactor: 1, flip: true, lambda: 0.05, samples, ...float32 },
};
let data: ArtifactRef;

beforeAll(async () => {
  data = await toyDataset(store, 4, images);
});

const run = <P>(stage: StageKind<P>, params: unknown): Promise<Outputs> => stage.run(params as P, context);

/** The grids in a log, and the images of each: uint8 RGB [9, S, S, 3]. */
const gridsIn = async (log: ArtifactRef): Promise<{ readonly steps: number[]; readonly grids: Buffer[] }> => {
  const artifact = await metricsCodec.read(store, log);
  const { samples: drawn = [] } = await readMetricsOf(store, log, trainingKind);
  const grids = [];
  for (const { picture } of drawn) {
    const { pixels, height, width } = await readFileOf(store, artifact, picture, decodeImage);
    expect([height, width]).toEqual([3 * side, 3 * side]);
    const lines = Array.from({ length: 9 * side }, (_, line) => {
      const [image, y] = [Math.floor(line / side), line % side];
      const at = ((Math.floor(image / 3) * side + y) * 3 + (image % 3)) * side * 3;
      return pixels.subarray(at, at + side * 3);
    });
    grids.push(Buffer.concat(lines));
  }
  return { steps: drawn.map(({ step }) => step), grids };
};

const lastOf = async ({ log }: Outputs): Promise<Buffer> => (await gridsIn(log as ArtifactRef)).grids.at(-1) as Buffer;

const tableOf = async (recognizer: ArtifactRef): Promise<IdentityTable> => {
  const loaded = await loadRecognizer(store, recognizer);
  return IdentityTable.of(context, await loadSet(context, data), loaded, { mirrored: false, ...float32 });
};

describe('a grid of samples', () => {
  it('shows the first people at equal distances of m, from one noise each, as the stored generator makes them', async () => {
    const recognizer = await putRecognizer(store);
    const { imageSize: _, identitySize: __, ...network } = tinyGenerator;
    const outputs = await run(cemiface, {
      ...{ ...training, data, recognizer, network, initial: await putGenerator(store, recognizer) },
      similarity: { lowest: -1, highest: 1, interval: 0.5, measure: 'cosine' },
    });
    const table = await tableOf(recognizer);
    const made = await withCemiFace(store, outputs.weights as ArtifactRef, sampling, (sampler) => {
      const conditionsOf = (row: number, column: number) => ({ identity: table.at(row * images), m: [column - 1] });
      return sampler.sample({ first: 0, identities: 3, images: 3, conditionsOf, noiseOf: () => 0 }, context);
    });
    const { steps, grids } = await gridsIn(outputs.log as ArtifactRef);
    expect(steps).toEqual([4, 8]);
    expect(grids[1]?.equals(made)).toBe(true);
    expect(grids[0]?.equals(made)).toBe(false);
  });

  it('of DCFace shows the first people in styles from all over the set, by its last conditions', async () => {
    const recognizer = await putGuide(store);
    const { imageSize: _, identity: __, style, conditionSize: ___, ...network } = tinyNetwork;
    const { channels: ____, ...styles } = style;
    // All of its weights carry signal from the first step on, so that conditions show.
    const { parameters } = dcfaceDenoiser(tinyNetwork);
    const stored = toSafetensors(initialise(withoutZeros(parameters), 2), parameters);
    const initial = await writeWeights(store, stored, { network: { family: 'unet' } });
    const outputs = await run(dcface, {
      ...{ ...training, data, recognizer, initial, network, style: styles, outliers: 0, identityImages: 4 },
    });
    const generator = outputs.weights as ArtifactRef;
    const made = await withGenerator(store, { generator, styles: data }, sampling, async (loaded) => {
      const set = await loadSet(context, data);
      const pictures = (rows: readonly number[]) => rows.map((row) => pixelsOf(set, row));
      const identities = await loaded.identities(0, pictures([0, 4, 8]));
      const styled = await loaded.stylesOf(0, pictures([0, 5, 10]));
      const conditionsOf = (row: number, column: number) => ({ ...identities[row], ...styled[column] });
      return loaded.sampler.sample({ first: 0, identities: 3, images: 3, conditionsOf }, context);
    });
    const grid = await lastOf(outputs);
    // The conditions of a grid are computed without compiling them, which may round otherwise.
    expect(Math.max(...grid.map((level, i) => Math.abs(level - (made[i] as number))))).toBeLessThanOrEqual(1);
  });

  it('of IDiff-Face shows the first people, as the stored generator makes them', async () => {
    const recognizer = await putRecognizer(store);
    const autoencoder = await putAutoencoder(store);
    const outputs = await run(idiffFace, { ...trainParams, data, recognizer, autoencoder, samples });
    const table = await tableOf(recognizer);
    const ddim = { ...sampling, sampler: 'ddim' as const };
    const made = await withIDiffFace(store, outputs.weights as ArtifactRef, ddim, (sampler) => {
      const conditionsOf = (row: number) => ({ identity: table.at(row * images) });
      return sampler.sample({ first: 0, identities: 3, images: 3, conditionsOf }, context);
    });
    expect((await lastOf(outputs)).equals(made)).toBe(true);
  });

  it('is drawn after each step where there are fewer steps than grids, and in no more steps than the schedule has', async () => {
    const { imageSize: _, identitySize: __, conditionSize: ___, conditionTokens: ____, ...network } = tinyGenerator;
    const many = { ...samples, grids: 50, steps: 1000 };
    const outputs = await run(ddpm, { ...training, data, network, epochs: 1, samples: many });
    expect((await gridsIn(outputs.log as ArtifactRef)).steps).toEqual([1, 2, 3, 4]);
  });
});

describe('the log of a training', () => {
  it('has event files of every kind of training, with the learning rate', async () => {
    const { weights: _, log } = await run(recognizers, { ...toyTraining, data, epochs: 2, batch: 8, microBatch: 0 });
    const { files } = await metricsCodec.read(store, log as ArtifactRef);
    expect(files.map(({ path }) => path)).toEqual(['events.out.tfevents.0000000000.cemiflow', 'metrics.json']);
    const { series } = await readMetricsOf(store, log as ArtifactRef, trainingKind);
    expect(Object.keys(series)).toEqual(expect.arrayContaining(['loss', 'rate']));
  });
});
