import type { ArtifactRef } from '../core/artifact.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { encodePng, type Image } from '../formats/image.ts';
import { encodeEvents, type ImageEvent, type ScalarEvent } from '../formats/tensorboard/index.ts';
import { putMetrics } from './codecs/metrics.ts';
import type { TrainingMetrics } from './codecs/metrics-kinds.ts';

/** What a training leaves beside its weights. */
export interface TrainingLog {
  readonly series: TrainingMetrics['series'];
  /** Pictures of what the network made, in the order of their steps. */
  readonly pictures?: readonly (Image & { readonly step: number })[];
}

/**
 * Stores the log of a training: `metrics.json`, its pictures as PNG files, and all of it as event files for TensorBoard.
 *
 * @throws CemiflowError `NotFinite`
 */
export const putTrainingLog = async (
  store: Pick<ArtifactStore, 'putFile' | 'putArtifact'>,
  { series, pictures = [] }: TrainingLog,
): Promise<ArtifactRef> => {
  const drawn: ImageEvent[] = [];
  for (const { step, pixels, height, width } of pictures)
    drawn.push({ tag: 'samples', step, height, width, png: await encodePng(pixels, height, width) });
  const files = drawn.map(({ step, png }) => ({ step, path: pathOf(step), bytes: png }));
  const samples = files.map(({ step, path }) => ({ step, picture: path }));
  const metrics: TrainingMetrics = { kind: 'training', series, ...(samples.length > 0 && { samples }) };
  return putMetrics(store, metrics, {}, [
    ...(await Promise.all(files.map(({ path, bytes }) => store.putFile(path, bytes, 'image/png')))),
    ...(await Promise.all(
      encodeEvents([...scalarsOf(series), ...drawn]).map(({ name, bytes }) =>
        store.putFile(name, bytes, 'application/octet-stream'),
      ),
    )),
  ]);
};

/** Names that sort by step. */
const pathOf = (step: number): string => `samples/step-${String(step).padStart(8, '0')}.png`;

const scalarsOf = (series: TrainingMetrics['series']): ScalarEvent[] =>
  Object.entries(series).flatMap(([name, { steps, values }]) =>
    steps.map((step, i) => ({ tag: tagOf(name), step, value: values[i] as number })),
  );

/** The names that other trainers give these curves; all others are called as in the log. */
const standardTags: { readonly [name: string]: string } = {
  rate: 'train/learning_rate',
  validation: 'validation/accuracy',
};

const tagOf = (name: string): string => standardTags[name] ?? `train/${name}`;
