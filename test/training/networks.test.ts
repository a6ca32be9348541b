import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../data/loader/load.ts';
import { compileStep, type Programs } from '../../nn/compile/index.ts';
import { flatten, unflatten } from '../../nn/flat.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../nn/gradients.ts';
import { gradientSums, type Pass, trainingPrograms } from '../../nn/micro-batches.ts';
import { adamWDefaults } from '../../nn/optim/adamw.ts';
import { averagedState, averagedUpdate } from '../../nn/optim/averaged.ts';
import { initialise, linearParameters, type Parameter } from '../../nn/parameters.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { linear } from '../../nn/unet/layers.ts';
import { readBatches } from '../../training/input.ts';
import { runTraining } from '../../training/loop.ts';
import { type MicroBatch, microBatchesOf, rowsOf } from '../../training/micro-batches.ts';
import { StepPlanner } from '../../training/planner.ts';
import { side, toyContext, toyDataset } from '../activities/toy.ts';

const pixels = side * side * 3;
const batch = 8;

/** An autoencoder, and a critic that tells its images from real ones: each has its own loss, gradients and optimizer. */
const networks: Record<'step' | 'critic', readonly Parameter[]> = {
  step: [...linearParameters('encode', pixels, 12), ...linearParameters('decode', 12, pixels)],
  critic: linearParameters('score', pixels, 1),
};

const weightsOf = (state: Tensors, name: keyof typeof networks): Tensors =>
  unflatten(state[`${name}.w`] as tf.Tensor1D, networks[name]);

const rebuilt = (w: Tensors, x: tf.Tensor2D): tf.Tensor2D => linear(w, 'decode', linear(w, 'encode', x));

const losses: Record<keyof typeof networks, (w: Tensors, state: Tensors, x: tf.Tensor2D) => tf.Scalar> = {
  step: (w, state, x) => {
    const made = rebuilt(w, x);
    const fooled = tf.mean(linear(weightsOf(state, 'critic'), 'score', made)).mul(0.01);
    return tf.mean(tf.square(made.sub(x))).sub(fooled) as tf.Scalar;
  },
  critic: (w, state, x) => {
    const made = rebuilt(weightsOf(state, 'step'), x);
    return tf.mean(linear(w, 'score', made)).sub(tf.mean(linear(w, 'score', x))) as tf.Scalar;
  },
};

const programsOf = (name: keyof typeof networks, microBatches: number): Programs =>
  trainingPrograms({
    name,
    microBatches,
    pass: (state, given): Pass => {
      const x = (given.images as tf.Tensor).reshape([-1, pixels]) as tf.Tensor2D;
      const { value, gradients } = valueAndGradients(
        (v) => losses[name](unflatten(v.w as tf.Tensor1D, networks[name]), state, x),
        { w: state[`${name}.w`] as tf.Tensor },
      );
      return { gradients, metrics: { [name === 'step' ? 'loss' : 'critic loss']: value } };
    },
    update: (state, given, { w }) => {
      const moved = averagedUpdate(withPrefix(state, name), given, w as tf.Tensor, adamWDefaults);
      return prefixed(moved, name);
    },
  });

const firstState = (microBatches: number): Tensors =>
  Object.assign(
    {},
    ...(['step', 'critic'] as const).map((name) => {
      const w = flatten(initialise(networks[name], 3), networks[name]);
      return { ...prefixed(averagedState(w), name), ...gradientSums({ w }, { name, microBatches }) };
    }),
  );

const trained = async (size: number, programs: (step: number) => readonly string[]) => {
  const context = toyContext();
  const data = await loadDataset(context.store, await toyDataset(context.store, 4, 8));
  const microBatches = microBatchesOf(batch, size);
  const planner = new StepPlanner({ images: data.count, batch, epochs: 6, seed: 7, tag: 'epoch' });
  const { steps } = planner;
  const tensorsOf = (_step: number, _plan: unknown, images: Float32Array, rows: MicroBatch): Tensors => ({
    images: tf.tensor4d(rowsOf(images, batch, rows), [rows.count, side, side, 3]),
    rate: tf.scalar(0.002),
    emaDecay: tf.scalar(0.5),
  });
  const { state, series } = await runTraining(context, {
    ...{ steps, microBatches, window: 4, lr: 0.002, programs, tensorsOf },
    batches: (from) =>
      readBatches(context, data, (step) => ({ recipe: { rows: planner.at(step).rows } }), { from, to: steps }),
    compile: (resumed) => {
      const count = microBatches.length;
      const example = tensorsOf(0, undefined, new Float32Array(batch * pixels), microBatches[0] as MicroBatch);
      const both = { ...programsOf('critic', count), ...programsOf('step', count) };
      return compileStep(both, { ...firstState(count), ...resumed }, example);
    },
    wanted: (name) => name.endsWith('.w') && !name.includes('adam') && !name.includes('gradient'),
  });
  return { state, series };
};

const values = (state: Tensors, name: string): Float32Array => state[name]?.dataSync() as Float32Array;
const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('a training of two networks', () => {
  it('moves both, each by its own program, and logs both losses', async () => {
    const { state, series } = await trained(0, () => ['critic', 'step']);
    expect(Object.keys(state).sort()).toEqual(['critic.w', 'step.w']);
    const first = firstState(1);
    for (const name of ['critic.w', 'step.w']) {
      expect(distance(values(state, name), values(first, name)), name).toBeGreaterThan(1e-3);
    }
    expect(Object.keys(series).sort()).toEqual(['critic loss', 'loss']);
    const { values: curve } = series.loss as { values: number[] };
    expect(curve.at(-1)).toBeLessThan(0.85 * (curve[0] as number));
  });

  it('can leave one out for a while: the autoencoder first, then both', async () => {
    const { series } = await trained(0, (step) => (step < 12 ? ['step'] : ['critic', 'step']));
    expect(series.loss?.steps).toEqual([4, 8, 12, 16, 20, 24]);
    expect(series['critic loss']?.steps).toEqual([16, 20, 24]);
  });

  it('in micro-batches, gives what whole batches give', async () => {
    const [whole, cut] = [await trained(0, () => ['critic', 'step']), await trained(4, () => ['critic', 'step'])];
    for (const name of ['critic.w', 'step.w']) {
      // AdamW goes by signs: a rounding of a gradient near zero moves a weight by a part of the rate.
      expect(distance(values(whole.state, name), values(cut.state, name)), name).toBeLessThan(5e-3);
    }
    expect(cut.series.loss?.values[0]).toBeCloseTo(whole.series.loss?.values[0] as number, 4);
  });
});
