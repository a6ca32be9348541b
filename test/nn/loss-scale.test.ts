import { expect, it, vi } from 'vitest';
import { compileStep, type Precision, type Programs, type Step } from '../../nn/compile/index.ts';
import { valueAndGradients, withPrefix } from '../../nn/gradients.ts';
import { matMul } from '../../nn/kernels/mat-mul.ts';
import { accumulating, trainingPrograms } from '../../nn/micro-batches.ts';
import { type TestNetwork, testNetworks, testRecognizer, testUnet } from '../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../nn/tf.ts';

// As on a GPU: our own kernels know no float16. TensorFlow's do on a CPU as well, slowly.
vi.hoisted(() => {
  process.env.CEMIFLOW_KERNELS = 'composed';
});

type State = Map<string, Float32Array>;

const stateOf = (step: Step): State => {
  const read = step.readState();
  const state = new Map(
    Object.entries(read).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync() as Float32Array)]),
  );
  tf.dispose(read);
  return state;
};

/** Names of what two states do not have in the same bits. */
const differing = (a: State, b: State): string[] =>
  [...a].flatMap(([name, { buffer }]) =>
    Buffer.from(buffer).equals(Buffer.from(b.get(name)?.buffer ?? new ArrayBuffer(0))) ? [] : [name],
  );

const scaleOf = (state: State): [scale: number | undefined, finiteSteps: number | undefined] => [
  state.get('lossScale.value')?.[0],
  state.get('lossScale.finiteSteps')?.[0],
];

/** A network's step, with these values in the place of those of its first state. */
const started = (
  { step, initial, batch }: TestNetwork,
  precision: Precision = 'float16',
  { value, finiteSteps }: { value?: number; finiteSteps?: number } = {},
): Step => {
  const given = {
    ...initial(),
    ...(value === undefined ? {} : { 'lossScale.value': tf.scalar(value) }),
    ...(finiteSteps === undefined ? {} : { 'lossScale.finiteSteps': tf.scalar(finiteSteps) }),
  };
  const example = batch(0);
  try {
    return compileStep(step, given, example, { precision });
  } finally {
    tf.dispose([given, example]);
  }
};

/** Runs the batch of this number. @returns the metrics */
const run = (step: Step, network: TestNetwork, i: number, program?: string): Record<string, number> => {
  const batch = network.batch(i);
  const metrics = step.run(batch, program);
  tf.dispose(batch);
  return metrics;
};

/** |a − b| / |a|, of all vectors of these names as one. */
const distance = (a: State, b: State, wanted: RegExp): number => {
  const norm = (values: (name: string, i: number, x: number) => number): number =>
    Math.sqrt(
      [...a]
        .filter(([name]) => wanted.test(name))
        .reduce((sum, [name, all]) => sum + all.reduce((more, x, i) => more + values(name, i, x) ** 2, 0), 0),
    );
  return norm((name, i, x) => x - (b.get(name)?.[i] as number)) / norm((_, __, x) => x);
};

// After one step the moments are a multiple of the gradient. 2^10: no gradient of these networks overflows.
it.each([
  ['UNet', testUnet(), /^adam\.m/],
  ['recognizer', testRecognizer(), /^sgd\./],
] as const)('%s: the gradients of float16 are those of float32 up to rounding, unscaled', (_, network, moments) => {
  const [float, low] = (['float32', 'float16'] as const).map((precision) => {
    const step = started(network, precision, precision === 'float16' ? { value: 2 ** 10 } : {});
    const { loss = Number.NaN } = run(step, network, 0);
    const state = stateOf(step);
    step.dispose();
    return { loss, state };
  }) as [{ loss: number; state: State }, { loss: number; state: State }];
  expect(low.loss).not.toBe(float.loss);
  expect(Math.abs(low.loss / float.loss - 1)).toBeLessThan(1e-3);
  const found = distance(float.state, low.state, moments);
  expect(found).toBeGreaterThan(1e-6);
  expect(found).toBeLessThan(2e-2);
});

it.each(testNetworks)('$name: a step whose gradients overflow changes the scale alone', (network) => {
  const step = started(network, 'float16', { value: 2 ** 36, finiteSteps: 7 });
  const before = stateOf(step);
  expect(run(step, network, 0)).toMatchObject({ skipped: 1, lossScale: 2 ** 36, loss: expect.any(Number) });
  const after = stateOf(step);
  expect(scaleOf(after)).toEqual([2 ** 35, 0]);
  expect(differing(before, after)).toEqual(['lossScale.value', 'lossScale.finiteSteps']);
  step.dispose();
});

it('the scale falls until gradients are finite, and the training goes on', () => {
  const network = testRecognizer();
  const step = started(network, 'float16', { value: 2 ** 19 });
  const metrics = Array.from({ length: 10 }, (_, i) => run(step, network, i));
  expect(metrics[0]).toMatchObject({ skipped: 1 });
  expect(metrics.at(-1)).toMatchObject({ skipped: 0 });
  for (const { loss } of metrics) expect(Number.isFinite(loss)).toBe(true);
  for (const [i, { lossScale, skipped }] of metrics.slice(0, -1).entries())
    expect(metrics[i + 1]?.lossScale).toBe((lossScale as number) / (skipped === 1 ? 2 : 1));
  step.dispose();
});

it('begins at 2^16, and doubles with the 2000th finite step', () => {
  const network = testUnet();
  const fresh = started(network);
  expect(scaleOf(stateOf(fresh))).toEqual([2 ** 16, 0]);
  fresh.dispose();
  const step = started(network, 'float16', { value: 2 ** 8, finiteSteps: 1998 });
  expect(run(step, network, 0)).toMatchObject({ skipped: 0, lossScale: 2 ** 8 });
  expect(scaleOf(stateOf(step))).toEqual([2 ** 8, 1999]);
  run(step, network, 1);
  expect(scaleOf(stateOf(step))).toEqual([2 ** 9, 0]);
  step.dispose();
});

/** w · x · factor. Without a scale, the gradient of 1e-9 is less than the smallest number of float16. */
const faint = (microBatches = 1, factor = 1e-9): Programs =>
  trainingPrograms({
    microBatches,
    pass: (state, { x }) => {
      const { value, gradients } = valueAndGradients(
        (w) => tf.sum(matMul(x as tf.Tensor2D, w.w as tf.Tensor2D).mul(factor)) as tf.Scalar,
        withPrefix(state, 'p'),
      );
      return { gradients, state: { seen: (state.seen as tf.Tensor).add(1) }, metrics: { loss: value } };
    },
    update: (state, _, { w }) => ({ 'p.w': (state['p.w'] as tf.Tensor).sub(w as tf.Tensor) }),
  });

const faintState = (more: Tensors = {}): Tensors => ({
  'p.w': tf.zeros([2, 1]),
  seen: tf.scalar(0),
  'gradient.w': tf.zeros([2, 1]),
  ...more,
});
const row = (...x: number[]): Tensors => ({ x: tf.tensor2d([x]) });

it('saves gradients that float16 would lose', () => {
  const stepped = (value: number): number[] => {
    const step = compileStep(faint(), faintState({ 'lossScale.value': tf.scalar(value) }), row(1, 2), {
      precision: 'float16',
    });
    step.run(row(1, 2));
    return [...(stateOf(step).get('p.w') as Float32Array)].map((w) => Math.abs(w) * 1e9);
  };
  expect(stepped(1)).toEqual([0, 0]);
  for (const [i, gradient] of stepped(2 ** 16).entries()) expect(Math.abs(gradient - (i + 1))).toBeLessThan(2e-3);
});

it('never grows beyond float32', () => {
  const full = { 'lossScale.value': tf.scalar(2 ** 127), 'lossScale.finiteSteps': tf.scalar(1999) };
  const step = compileStep(faint(1, 1e-38), faintState(full), row(0, 0), { precision: 'float16' });
  expect(step.run(row(0, 0)).skipped).toBe(0);
  expect(scaleOf(stateOf(step))).toEqual([2 ** 127, 0]);
});

it('in micro-batches one that overflows skips the whole step, keeps its own statistics back, and leaves no sum behind', () => {
  const step = compileStep(faint(2), faintState({ 'lossScale.value': tf.scalar(2 ** 16) }), row(1, 1), {
    precision: 'float16',
  });
  const accumulate = accumulating('step');
  // 65536 · 2e9 · 1e-9 is above 65504.
  step.run(row(2e9, 1), accumulate);
  expect(stateOf(step).get('seen')?.[0]).toBe(0);
  const metrics = step.run(row(1, 1));
  expect(metrics).toMatchObject({ skipped: 1, lossScale: 2 ** 16 });
  const state = stateOf(step);
  expect([...(state.get('p.w') as Float32Array), ...(state.get('gradient.w') as Float32Array)]).toEqual([0, 0, 0, 0]);
  expect([state.get('seen')?.[0], ...scaleOf(state)]).toEqual([0, 2 ** 15, 0]);
  expect(step.run(row(1, 1), accumulate)).not.toHaveProperty('skipped');
  expect(step.run(row(1, 1)).skipped).toBe(0);
  expect(stateOf(step).get('seen')?.[0]).toBe(2);
  expect(scaleOf(stateOf(step))).toEqual([2 ** 15, 1]);
});

it('resumed, a training has the bits of one that was left alone, its scale included', () => {
  const network = testRecognizer();
  const alone = started(network, 'float16', { value: 2 ** 18 });
  for (let i = 0; i < 3; i++) run(alone, network, i);
  const kept = alone.readState();
  const resumed = compileStep(network.step, kept, network.batch(0), { precision: 'float16' });
  for (let i = 3; i < 6; i++) expect(run(resumed, network, i)).toEqual(run(alone, network, i));
  expect(scaleOf(stateOf(alone))[0]).toBeLessThan(2 ** 18);
  expect(differing(stateOf(resumed), stateOf(alone))).toEqual([]);
  tf.dispose(kept);
});

it.each(['float32', 'tf32', 'bfloat16'] as const)('%s has no scale, in its state or its metrics', (precision) => {
  const network = testRecognizer();
  const step = started(network, precision);
  const own = network.initial();
  expect(step.stateNames).toEqual(Object.keys(own));
  expect(Object.keys(run(step, network, 0))).toEqual(['loss', 'accuracy']);
  tf.dispose(own);
  step.dispose();
});
