import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recognizerNetwork } from '../../artifacts/codecs/recognizer.ts';
import { loadWeights, writeWeights } from '../../artifacts/codecs/weights.ts';
import { exportOnnx } from '../../client/export/onnx.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { imageSides, type RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { embedView } from '../../nn/recognizer/view.ts';
import { tf } from '../../nn/tf.ts';
import { fromSafetensors, toSafetensors } from '../../nn/weights.ts';
import { cases, fill, fillParameters } from '../golden/values.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { runOnnx } from '../helpers/onnx.ts';

const store = memoryStore();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const configOf = (values: Partial<RecognizerConfig>): RecognizerConfig => ({
  ...cases.recognizer,
  variant: 'ir',
  ...values,
});

/** Stores weights and running statistics that a formula makes. */
const recognizer = async (config: RecognizerConfig): Promise<ArtifactRef> => {
  const parameters = recognizerParameters(config);
  const tensors = toSafetensors(fillParameters(parameters), parameters);
  return writeWeights(store, tensors, { network: recognizerNetwork(config) });
};

/** Four images of the network's size: for PyTorch's axes as a file, in the network's order of colours; and for ours. */
const images = async (config: RecognizerConfig) => {
  const { channels } = config;
  const [height, width] = imageSides(config);
  const nchw = fill(`images ${height}`, [4, 3, height, width]);
  const path = join(folder, `${height}.f32`);
  await writeFile(path, nchw);
  const nhwc = tf.transpose(tf.tensor4d(nchw, [4, 3, height, width]), [0, 2, 3, 1]) as tf.Tensor4D;
  return { path, ours: channels === 'bgr' ? (tf.reverse(nhwc, 3) as tf.Tensor4D) : nhwc };
};

const apart = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - (b[i]?.[k] as number)))));

describe('exportOnnx', () => {
  it.each([
    configOf({}),
    configOf({ channels: 'bgr', dropout: 0.4, stemStride: 2 }),
    configOf({ variant: 'ir_se', imageSize: 15, strides: [1, 2] }),
    configOf({ variant: 'iresnet' }),
    configOf({ imageSize: [14, 12] }),
  ])(
    '$variant, $channels, $imageSize px: onnxruntime gives our embeddings, for any number of images',
    async (config) => {
      const ref = await recognizer(config);
      const path = join(folder, `${config.variant}-${config.channels}-${config.imageSize}.onnx`);
      await exportOnnx(store, ref, path);
      const { path: file, ours } = await images(config);
      const found = await runOnnx(path, file);
      const weights = fromSafetensors(await loadWeights(store, ref), recognizerParameters(config));
      const wanted = (await embedView(weights, ours, config, 'plain').array()) as number[][];
      expect(apart(found.all, wanted)).toBeLessThan(1e-5);
      expect(apart(found.first, wanted)).toBeLessThan(1e-5);
      const { embedding, channels } = config;
      expect(found.input).toEqual(['input', ['N', 3, ...imageSides(config)]]);
      expect(found.output).toEqual(['embedding', ['N', embedding]]);
      expect(found.metadata).toMatchObject({ channels, weights: ref.digest, output: 'rows of length 1' });
    },
    600_000,
  );

  it('gives features that are not normalised where asked', async () => {
    const config = configOf({ variant: 'iresnet' });
    const ref = await recognizer(config);
    const path = join(folder, 'features.onnx');
    await exportOnnx(store, ref, path, { output: 'features' });
    const { path: file, ours } = await images(config);
    const found = await runOnnx(path, file);
    const weights = fromSafetensors(await loadWeights(store, ref), recognizerParameters(config));
    expect(apart(found.all, (await embed(weights, ours, config).array()) as number[][])).toBeLessThan(1e-5);
    expect(found.output[0]).toBe('features');
  }, 600_000);

  it('gives the same bytes again, writes over no file, and leaves nothing behind where it fails', async () => {
    const ref = await recognizer(configOf({}));
    const [first, second] = [join(folder, 'first.onnx'), join(folder, 'second.onnx')];
    const { bytes } = await exportOnnx(store, ref, first);
    await exportOnnx(store, ref, second);
    expect((await readFile(first)).equals(await readFile(second))).toBe(true);
    expect((await readFile(first)).length).toBe(bytes);
    await expect(exportOnnx(store, ref, first)).rejects.toMatchObject({ code: 'ExportExists' });
    const unet = await writeWeights(store, {}, { network: { family: 'unet' } });
    await expect(exportOnnx(store, unet, join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'ArtifactInvalid' });
    expect((await readdir(folder)).filter((name) => /none|part/.test(name))).toEqual([]);
  });
});
