import { type ArtifactRef, DatasetWriter, datasetCodec, putNumbers, readSamples, type StageKind } from 'cemiflow/stage';

/** As `schema.json` describes them. */
interface Params {
  readonly data: ArtifactRef;
  readonly factor: number;
}

/** Darkens every image of a dataset, and measures how bright they were and are: 0 is black, 1 white. */
export const stage: StageKind<Params> = {
  async run({ data, factor }, { store, progress }) {
    const { meta } = await datasetCodec.read(store, data);
    const writer = new DatasetWriter(store, meta);
    let before = 0;
    let after = 0;
    let step = 0;
    for await (const { identity, image, pixels } of readSamples(store, data)) {
      const darker = pixels.map((value) => Math.round(value * factor));
      before += brightness(pixels) / meta.images;
      after += brightness(darker) / meta.images;
      await writer.add({ identity, image, pixels: darker });
      step += 1;
      await progress({ phase: 'darken', step, steps: meta.images });
    }
    return {
      data: await writer.finish({ peopleShown: meta.peopleShown }),
      brightness: await putNumbers(store, { before, after }),
    };
  },
};

const brightness = (pixels: Uint8Array): number => pixels.reduce((sum, value) => sum + value, 0) / pixels.length / 255;
