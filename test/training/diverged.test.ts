import { beforeAll, describe, expect, it } from 'vitest';
import { stage as recognizer } from '../../activities/recognizer-train/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Checkpoint, StageCheckpoints } from '../../core/checkpoint.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { initialise } from '../../nn/parameters.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import { checkMetrics, firstNonFinite } from '../../training/finite.ts';
import { Embedder } from '../../training/recognizer.ts';
import { float32, side, toyContext, toyDataset, toyTraining } from '../activities/toy.ts';

const context = toyContext();
let data: ArtifactRef;

beforeAll(async () => {
  data = await toyDataset(context.store, 4, 8);
});

/** One step an epoch; its running statistics are infinite after step 9, and its loss is NaN at step 10. */
const train = (epochs: number, checkpoints: StageCheckpoints = context.checkpoints) => {
  const wild = { lr: 10, weightDecay: 1, warmup: 0, milestones: [], microBatch: 0, recompute: false };
  const params = { ...toyTraining, ...wild, data, epochs } as unknown as Parameters<typeof recognizer.run>[0];
  return recognizer.run(params, { ...context, checkpoints });
};

describe('the metrics of a step', () => {
  const told = (metrics: Record<string, number>) => () => checkMetrics(metrics, 7, 0.1);

  it('diverge where one is not finite', () => {
    expect(told({ loss: 1, skipped: 1, lossScale: 2 ** -14 })).not.toThrow();
    expect(told({ loss: 1, accuracy: Number.NaN })).toThrow('accuracy is no longer finite at step 7');
  });

  it.each(['lossScale', 'critic lossScale'])('diverge where no %s helps', (name) => {
    expect(told({ loss: 1, [name]: 2 ** -15 })).toThrow(
      expect.objectContaining({
        code: 'Diverged',
        message: 'the gradients of step 7 are not finite in float16 at any loss scale',
        remedy: expect.stringContaining('bfloat16'),
      }),
    );
  });
});

describe('a training that diverges', () => {
  it('stores no weights where the last step left infinite ones, though every loss was finite', async () => {
    const tensor = 'stats.body.0.res_layer.5.running_var';
    const message = expect.stringContaining(`${tensor} is no longer finite at step 9`);
    await expect(train(9)).rejects.toMatchObject({ code: 'Diverged', message, data: { step: 9, tensor } });
  });

  it('is stored as long as it is finite', async () => {
    expect((await train(8)).weights?.type).toBe('weights');
  });

  it('ends at the loss where there is no checkpoint before', async () => {
    const found = { code: 'Diverged', data: { step: 10, tensor: 'loss', lr: 10 } };
    await expect(train(30)).rejects.toMatchObject(found);
  });

  it('ends at the first checkpoint that is not finite, and does not save it', async () => {
    const saved: Checkpoint[] = [];
    const checkpoints: StageCheckpoints = {
      ...context.checkpoints,
      due: (step) => step % 5 === 0,
      save: (checkpoint) => void saved.push(checkpoint),
    };
    await expect(train(30, checkpoints)).rejects.toMatchObject({ code: 'Diverged', data: { step: 10 } });
    expect(saved.map(({ step }) => step)).toEqual([5]);
    for (const { data: values } of Object.values((saved[0] as Checkpoint).arrays)) {
      expect(firstNonFinite(values)).toBe(-1);
    }
  });
});

describe('an embedding that is not finite', () => {
  it('is refused, with the image', async () => {
    const config = recognizerConfig('small', { imageSize: side });
    const weights = initialise(recognizerParameters(config), 1);
    weights['output_layer.3.bias'] = tf.fill([config.embedding], Number.POSITIVE_INFINITY);
    const embedder = new Embedder({ config, weights }, { view: 'plain', ...float32 });
    const images = await loadDataset(context.store, data);
    const rows = Int32Array.of(3, 4);
    await expect(embedder.embed(images, context, { rows })).rejects.toMatchObject({
      code: 'Diverged',
      data: { tensor: 'embeddings', image: 3 },
    });
    embedder.dispose();
  });
});

describe('firstNonFinite', () => {
  it.each([
    [[], -1],
    [[0, -0, 1e38, -1e38], -1],
    [[1, Number.NaN], 1],
    [[1, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 2],
  ])('of %o is %i', (values, index) => {
    expect(firstNonFinite(Float32Array.from(values))).toBe(index);
  });
});
