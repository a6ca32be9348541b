import { describe, expect, it } from 'vitest';
import { stage } from '../../activities/recognizer-train/stage.ts';
import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { side, toyContext, toyPixels, toyTraining } from './toy.ts';

const context = toyContext();
const { store } = context;

/** Eight people of four images, red and blue exchanged where `exchanged`. */
const dataset = async (exchanged: boolean): Promise<ArtifactRef> => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let i = 0; i < 32; i++) {
    const [identity, image] = [Math.floor(i / 4), i % 4];
    const pixels = toyPixels(identity, image);
    const turned = pixels.map((_, k) => pixels[k - (k % 3) + 2 - (k % 3)] as number);
    await writer.add({ identity, image, pixels: exchanged ? turned : pixels });
  }
  return writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
};

const trained = async (exchanged: boolean, channels?: 'rgb' | 'bgr') => {
  const params = {
    ...{ ...toyTraining, epochs: 2, batch: 16, microBatch: 0, recompute: false, data: await dataset(exchanged) },
    // Hue and saturation treat red and blue differently.
    augment: { ...toyTraining.augment, jitter: 0 },
    network: { ...toyTraining.network, ...(channels && { channels }) },
  };
  const artifact = await weightsCodec.read(store, (await stage.run(params, context)).weights as ArtifactRef);
  return { channels: recognizerOf(artifact).config.channels, files: artifact.files };
};

describe('recognizer/train: network.channels', () => {
  it('bgr reads blue first: images with red and blue exchanged give the weights of rgb', async () => {
    const [rgb, bgr] = [await trained(false, 'rgb'), await trained(true, 'bgr')];
    expect([rgb.channels, bgr.channels]).toEqual(['rgb', 'bgr']);
    expect(bgr.files).toEqual(rgb.files);
    const same = await trained(false, 'bgr');
    expect(same.files).not.toEqual(rgb.files);
  }, 60_000);

  it('is rgb where absent', async () => {
    expect(await trained(false)).toEqual(await trained(false, 'rgb'));
  }, 60_000);
});
