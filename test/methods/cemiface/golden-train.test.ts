import { beforeAll, describe, expect, it } from 'vitest';
import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import { cemifaceDenoiser } from '../../../methods/cemiface/network.ts';
import { cemifaceSamples } from '../../../methods/cemiface/samples.ts';
import { similarityGrid } from '../../../methods/cemiface/similarity-grid.ts';
import { stage } from '../../../methods/cemiface/train/stage.ts';
import { flatten, unflatten } from '../../../nn/flat.ts';
import { seedTensor } from '../../../nn/kernels/random.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import type { tf } from '../../../nn/tf.ts';
import { toSafetensors } from '../../../nn/weights.ts';
import { DiffusionPlanner } from '../../../training/diffusion/plan.ts';
import { MeanLog } from '../../../training/log.ts';
import { float32, toyContext } from '../../activities/toy.ts';
import { second, secondFrozen } from '../../golden/second.ts';
import { expectGolden, fill, fillParameters, golden, storedValues, type Values } from '../../golden/values.ts';
import { type Recording, recording } from '../../training/recorder.ts';

const { imageSize, identitySize: _, ...network } = second.unet;
const { lr, weightDecay, ...drawn } = second.stage;
/** Two steps, so that the state after the first one is seen. */
const params = {
  network,
  ...({ epochs: 2, batch: 3, microBatch: 0, recompute: false, lr, warmup: 0, decay: 'constant' } as const),
  ...{
    weightDecay,
    emaMaximum: 0.9999,
    lambda: second.lambda,
    mse: 'output' as const,
    timesteps: second.timesteps,
    snrFactor: 1,
    flip: true,
    samples: null,
    ...float32,
  },
  similarity: { lowest: -1, highest: 1, interval: 0.02, measure: 'cosine' as const },
};
const { parameters } = cemifaceDenoiser(second.unet);
const context = toyContext();
let recorded: Recording;

beforeAll(async () => {
  const { store } = context;
  const frozen = recognizerParameters(second.recognizer);
  const family = { family: 'recognizer', ...JSON.parse(JSON.stringify(second.recognizer)) };
  const recognizer = await writeWeights(store, toSafetensors(secondFrozen(), frozen), { network: family });
  const writer = new DatasetWriter(store, { height: imageSize, width: imageSize });
  const size = imageSize * imageSize * 3;
  const values = Uint8Array.from(fill('pixels', [3 * size]), (value) => Math.floor((value + 1) * 127.6));
  for (const identity of [0, 1, 2]) {
    await writer.add({ identity, image: 0, pixels: values.subarray(identity * size, (identity + 1) * size) });
  }
  const data = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
  const made = recording(context);
  // A checkpoint before the first step: the weights are those of the golden values.
  const w = flatten(fillParameters(parameters), parameters);
  const array = { dtype: 'float32', shape: w.shape, data: w.dataSync() as Float32Array } as const;
  const first = { step: 0, arrays: { w: array, ema: array }, notes: new MeanLog(1).state };
  const checkpoints = { ...made.context.checkpoints, resume: async () => first };
  await stage.run({ ...params, data, recognizer }, { ...made.context, checkpoints });
  recorded = made.recorded;
});

const stateAfter = (name: string): Values =>
  storedValues(unflatten(recorded.states[0]?.[name] as tf.Tensor1D, parameters), parameters);

const wanted = (part: 'gradient' | 'w'): Values => golden('second-reading', `stage/${part}`);

const mapped = (values: Values, f: (value: number, name: string, i: number) => number): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, each]) => [name, Float64Array.from(each, (value, i) => f(value, name, i))]),
  );

describe('the first step of diffusion/train beside a second reading', () => {
  it('draws what the golden step was computed with', () => {
    const samples = cemifaceSamples({ size: 6, at: () => new Float32Array(6) }, similarityGrid(0.02), true);
    const { recipe, arrays, ...rates } = new DiffusionPlanner(3, samples, params, context.seed).at(0);
    const found = {
      rows: [...recipe.rows],
      mirrored: [...(recipe.mirrored ?? [])],
      time: [...(arrays.time as Float32Array)],
      m: [...(arrays.m as Float32Array)].map((m) => Math.round(m * 50) / 50),
      noiseSeed: [...seedTensor(context.seed, 'diffusion noise', 0).dataSync()],
    };
    expect(found, 'put these values into cases.json, and run second_reading.py').toEqual(drawn);
    expect([rates.rate, rates.emaDecay]).toEqual([lr, 0]);
  });

  it('has its losses', () => {
    const { loss, mse, simMat, similarity } = recorded.metrics[0] as Record<string, number>;
    const made = { loss: [loss], mse: [mse], sim_mat: [simMat], similarity: [similarity] } as Values;
    const golds = Object.entries(golden('second-reading', 'stage')).filter(([name]) => name in made);
    expect(golds).toHaveLength(4);
    expectGolden(made, Object.fromEntries(golds), 1e-5);
  });

  it('has its gradient, by the moments of AdamW', () => {
    const gradient = wanted('gradient');
    expectGolden(
      mapped(stateAfter('adam.m.w'), (value) => value / (1 - 0.9)),
      gradient,
      5e-5,
    );
    expectGolden(
      mapped(stateAfter('adam.v.w'), (value) => Math.sqrt(value / (1 - 0.999))),
      mapped(gradient, Math.abs),
      5e-5,
    );
  });

  it('moves the weights as it does, and the average with them', () => {
    const gradient = wanted('gradient');
    const before = storedValues(fillParameters(parameters), parameters);
    // AdamW's first step follows the sign of the gradient, which is rounding where that is almost 0.
    const moved = (values: Values): Values =>
      mapped(values, (value, name, i) =>
        Math.abs(gradient[name]?.[i] as number) > 1e-5 ? value - (before[name]?.[i] as number) : 0,
      );
    const sure = Object.values(moved(wanted('w'))).flatMap((values) => [...Array.from(values)]);
    expect(sure.filter((value) => value !== 0).length / sure.length).toBeGreaterThan(0.9);
    expectGolden(moved(stateAfter('w')), moved(wanted('w')), 1e-4);
    expect(stateAfter('ema')).toEqual(stateAfter('w'));
  });
});
