import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { metricsCodec, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { trainingKind } from '../../artifacts/codecs/metrics-kinds.ts';
import { putTrainingLog } from '../../artifacts/training-log.ts';
import { decodeImage } from '../../formats/image.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { askReader } from '../helpers/python-readers.ts';

const series = {
  loss: { steps: [10, 20, 25], values: [3, 1 / 3, 0.1] },
  simMat: { steps: [10, 20, 25], values: [1, 2, 3] },
  rate: { steps: [10, 20, 25], values: [1e-4, 1e-5, 0] },
  validation: { steps: [20, 25], values: [0.5, 0.875] },
};
const pictures = [20, 25].map((step) => ({ step, height: 2, width: 1, pixels: Uint8Array.of(step, 0, 0, 0, 0, 255) }));

const store = memoryStore();

it('shows TensorBoard every curve by its usual name, with the step as time, and the pictures that it stores', async () => {
  const ref = await putTrainingLog(store, { series, pictures });
  const { files } = await metricsCodec.read(store, ref);
  const folder = await mkdtemp(join(tmpdir(), 'log-'));
  for (const { path, digest } of files) await writeFile(join(folder, basename(path)), await store.getBlob(digest));
  const { scalars, images } = await askReader<{ scalars: object; images: object }>('event_files.py', folder);
  const curve = ({ steps, values }: { steps: number[]; values: number[] }) =>
    steps.map((step, i) => [step, step, Math.fround(values[i] as number)]);
  expect(scalars).toEqual({
    'train/loss': curve(series.loss),
    'train/simMat': curve(series.simMat),
    'train/learning_rate': curve(series.rate),
    'validation/accuracy': curve(series.validation),
  });
  const stored = await Promise.all(
    ['samples/step-00000020.png', 'samples/step-00000025.png'].map(async (name) => {
      const file = files.find(({ path }) => path === name);
      return store.getBlob(file?.digest as never);
    }),
  );
  expect(images).toEqual({ samples: stored.map((png, i) => [20 + 5 * i, 20 + 5 * i, 2, 1, png.toString('base64')]) });
  expect([...(await decodeImage(stored[0] as Buffer)).pixels]).toEqual([20, 0, 0, 0, 0, 255]);
  expect((await readMetricsOf(store, ref, trainingKind)).samples).toEqual([
    { step: 20, picture: 'samples/step-00000020.png' },
    { step: 25, picture: 'samples/step-00000025.png' },
  ]);
}, 600_000);

it('is the same artifact in whatever order its curves come', async () => {
  const { loss, ...others } = series;
  expect(await putTrainingLog(store, { series: { ...others, loss } })).toEqual(await putTrainingLog(store, { series }));
});

it('names no pictures where there are none', async () => {
  const ref = await putTrainingLog(store, { series });
  expect(await readMetricsOf(store, ref, trainingKind)).toEqual({ kind: 'training', series });
});
