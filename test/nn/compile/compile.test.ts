import { describe, expect, it } from 'vitest';
import { compileFunction, compileStep, type StepFunction } from '../../../nn/compile/index.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../../nn/gradients.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { conv, linear, norm } from '../../../nn/unet/layers.ts';
import { differing } from '../../training/recorder.ts';

/** A small convolutional regression with noise, momentum and an average: forward, backward, optimizer, randomness. */
const step: StepFunction = (state, batch) => {
  const weights = withPrefix(state, 'w');
  const noise = statelessNormal([4, 6, 6, 2], batch.seed as tf.Tensor1D).mul(0.01);
  const { value, gradients } = valueAndGradients((w) => {
    const y = tf.conv2d(batch.x as tf.Tensor4D, w.kernel as tf.Tensor4D, 1, 'same').add(w.bias as tf.Tensor);
    return tf.mean(tf.square(y.add(noise).sub(batch.y as tf.Tensor))) as tf.Scalar;
  }, weights);
  const updated = Object.fromEntries(
    Object.entries(weights).map(([k, w]) => [k, w.sub((gradients[k] as tf.Tensor).mul(batch.rate as tf.Tensor))]),
  );
  const average = Object.fromEntries(
    Object.entries(withPrefix(state, 'ema')).map(([k, a]) => [k, a.mul(0.9).add((updated[k] as tf.Tensor).mul(0.1))]),
  );
  return { state: { ...prefixed(updated, 'w'), ...prefixed(average, 'ema') }, metrics: { loss: value } };
};

const setUp = () => {
  const weights: Tensors = {
    kernel: tf.randomNormal([3, 3, 3, 2], 0, 0.3, 'float32', 11),
    bias: tf.zeros([2]),
  };
  // Weights and their average start as the same tensors: a trace must still tell them apart.
  const initial = { ...prefixed(weights, 'w'), ...prefixed(weights, 'ema') };
  const x = tf.randomNormal([4, 6, 6, 3], 0, 1, 'float32', 12);
  const y = tf.randomNormal([4, 6, 6, 2], 0, 1, 'float32', 13);
  const batch = (i: number): Tensors => ({ x, y, rate: tf.scalar(0.1 / (1 + i)), seed: seedTensor(7, 'noise', i) });
  return { initial, batch, own: [...Object.values(weights), x, y] };
};

const losses = (compiled: boolean): { losses: number[]; state: Record<string, number[]> } => {
  const { initial, batch, own } = setUp();
  const example = batch(0);
  const compiledStep = compileStep(step, initial, example, { compiled });
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    const b = batch(i);
    seen.push(compiledStep.run(b).loss as number);
    tf.dispose([b.rate, b.seed] as tf.Tensor[]);
  }
  const final = compiledStep.readState();
  const state = Object.fromEntries(Object.entries(final).map(([k, t]) => [k, [...t.dataSync()]]));
  compiledStep.dispose();
  tf.dispose([final, example, own]);
  return { losses: seen, state };
};

describe('compileStep', () => {
  it('gives the losses and the state of the eager function', () => {
    const eager = losses(false);
    const compiled = losses(true);
    expect(eager.losses[4]).toBeLessThan(eager.losses[0] as number);
    compiled.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(eager.losses[i] as number, 5);
    });
    for (const [name, values] of Object.entries(eager.state)) {
      values.forEach((value, i) => {
        expect(compiled.state[name]?.[i]).toBeCloseTo(value, 5);
      });
    }
    expect(compiled.state['w.kernel']).not.toEqual(compiled.state['ema.kernel']);
  });

  it('gives the same bits again', () => {
    expect(losses(true)).toEqual(losses(true));
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    losses(true);
    losses(false);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a step that reads a value', () => {
    const reading: StepFunction = (state, batch) => {
      (batch.x as tf.Tensor).dataSync();
      return { state, metrics: {} };
    };
    const { initial, batch, own } = setUp();
    expect(() => compileStep(reading, initial, { x: own[2] as tf.Tensor })).toThrow(/must not read values/);
    tf.dispose([own, batch(0)]);
  });

  it('refuses a step that closes over a tensor', () => {
    const outside = tf.tensor1d([1, 2]).add(1);
    const closing: StepFunction = (state) => ({ state: { a: (state.a as tf.Tensor).add(outside) }, metrics: {} });
    const a = tf.tensor1d([0, 0]);
    expect(() => compileStep(closing, { a }, {})).toThrow(/made before the trace/);
    tf.dispose([outside, a]);
  });
});

describe('compileFunction', () => {
  it('gives what the eager function gives, for new inputs too', () => {
    const weights = { w: tf.randomNormal([5, 3], 0, 1, 'float32', 1) };
    const fn = (w: Tensors, inputs: Tensors): Tensors => ({
      y: tf.tanh(tf.matMul(inputs.x as tf.Tensor2D, w.w as tf.Tensor2D)),
    });
    const compiled = compileFunction(fn, weights, { x: tf.zeros([2, 5]) });
    const eager = compileFunction(fn, weights, { x: tf.zeros([2, 5]) }, { compiled: false });
    for (const seed of [1, 2]) {
      const x = tf.randomNormal([2, 5], 0, 1, 'float32', seed);
      const expected = [...(eager.run({ x }).y as tf.Tensor).dataSync()];
      [...(compiled.run({ x }).y as tf.Tensor).dataSync()].forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 6);
      });
    }
    compiled.dispose();
    eager.dispose();
  });
});

it('a division by a root is the same as where ops run at once: no approximation that differs between processors', () => {
  const x = tf.tensor1d(Float32Array.from({ length: 999 }, (_, i) => (i - 499) / 500));
  const f = (of: tf.Tensor): tf.Tensor => tf.div(of, tf.sqrt(tf.sub(1, tf.square(of))));
  const traced = compileFunction((_, inputs) => ({ y: f(inputs.x as tf.Tensor) }), {}, { x });
  expect([...(traced.run({ x }).y as tf.Tensor).dataSync()]).toEqual([...f(x).dataSync()]);
  traced.dispose();
});

it.each(['rsqrt', 'reciprocal'] as const)('%s is refused: its last digit differs between processors', (op) => {
  const x = tf.tensor1d([1, 2, 3]);
  expect(() => compileFunction((_, inputs) => ({ y: tf[op](inputs.x as tf.Tensor) }), {}, { x })).toThrow(
    'between processors',
  );
});

it('the gradient of a bias is that of ops that run at once, where another bias and a convolution read outputs of the same op', () => {
  // In half of all sessions, TensorFlow would take one bias for the other: for each block by itself.
  const [blocks, sessions, size] = [8, 2, 4];
  const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
  const numbers = Array.from({ length: blocks }, (_, i) => i);
  const layer = (name: string, shape: number[], seed: number): Tensors => ({
    [`${name}.weight`]: random(shape, 2 * seed),
    [`${name}.bias`]: random([size], 2 * seed + 1),
  });
  const weights: Tensors = Object.assign(
    layer('time', [size, size], 1),
    ...numbers.map((i) => ({
      ...layer(`${i}.conv`, [1, 1, size, size], 4 * i + 2),
      ...layer(`${i}.norm`, [size], 4 * i + 3),
      ...layer(`${i}.scale`, [size, size], 4 * i + 4),
      ...layer(`${i}.shift`, [size, size], 4 * i + 5),
    })),
  );
  const inputs = { x: random([2, 3, 3, size], 100), given: random([2, size], 101) };
  const gradients = (compiled: boolean): Tensors => {
    const program = compileFunction(
      (w, { x, given }) =>
        valueAndGradients((all) => {
          const time = linear(all, 'time', given as tf.Tensor2D);
          const block = (i: number): tf.Tensor => {
            const film = { scale: linear(all, `${i}.scale`, time), shift: linear(all, `${i}.shift`, time) };
            const h = conv(all, `${i}.conv`, x as tf.Tensor4D);
            return tf.sum(tf.square(norm(all, `${i}.norm`, h, 2, { film, silu: true })));
          };
          return numbers.map(block).reduce((a, b) => a.add(b)) as tf.Scalar;
        }, w).gradients,
      weights,
      inputs,
      { compiled },
    );
    const found = program.run(inputs);
    program.dispose();
    return found;
  };
  const wanted = gradients(false);
  for (let session = 0; session < sessions; session++) {
    const found = gradients(true);
    expect(differing(found, wanted, 1e-4)).toEqual([]);
    tf.dispose(found);
  }
  tf.dispose([wanted, weights, inputs]);
});
