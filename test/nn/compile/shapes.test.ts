import { describe, expect, it } from 'vitest';
import { type Abstract, inferOutputs } from '../../../nn/compile/shapes.ts';
import { type Binding, backend } from '../../../nn/kernels/backend.ts';
import { subsample } from '../../../nn/layers/conv.ts';
import { testNetworks } from '../../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

/** Runs `body` eagerly. @returns the ops it ran, and those whose outputs are not what the rules say */
const compare = (body: () => void): { ops: Set<string>; faults: string[] } => {
  const owner = backend();
  const real = owner.binding;
  const known = new Map<number, Abstract>();
  const ops = new Set<string>();
  const faults: string[] = [];
  const watched: Partial<Binding> = {
    createTensor: (shape, dtype, values) => {
      const id = real.createTensor(shape, dtype, values);
      known.set(id, { shape, dtype, values: Array.from(values as ArrayLike<number>) });
      return id;
    },
    executeOp: (name, attributes, ids, outputs) => {
      const made = real.executeOp(name, attributes, ids, outputs);
      const inputs = ids.map((id) => known.get(id));
      for (const { id, shape, dtype } of made) known.set(id, { shape, dtype });
      if (inputs.some((input) => input === undefined)) return made;
      const told = made.map(({ shape, dtype }) => ({ shape: [...shape], dtype }));
      const inferred = inferOutputs(name, attributes, inputs as Abstract[]).map(({ shape, dtype }) => ({
        shape: [...shape],
        dtype,
      }));
      ops.add(name);
      // What the way back of batch norm keeps for itself has the size that TensorFlow likes, and only its own ops read it.
      const compared = name.startsWith('FusedBatchNorm') ? 3 : told.length;
      if (JSON.stringify(told.slice(0, compared)) !== JSON.stringify(inferred.slice(0, compared)))
        faults.push(`${name}: ${JSON.stringify(inferred)}, but TensorFlow ${JSON.stringify(told)}`);
      return made;
    },
  };
  const descriptors = Object.entries(watched).map(([name, value]) => [name, { value, enumerable: true }]);
  owner.binding = Object.create(real, Object.fromEntries(descriptors)) as Binding;
  try {
    tf.tidy(body);
  } finally {
    owner.binding = real;
  }
  return { ops, faults };
};

describe('the rules of shapes', () => {
  it.each(testNetworks)('agree with TensorFlow on every op of a training step: $name', ({ step, initial, batch }) => {
    const [state, given] = [initial(), batch(0)];
    // Handed over as values, so that their handles are seen.
    const again = (tensors: Tensors): Tensors =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [
          name,
          tf.tensor(tensor.dataSync(), tensor.shape, tensor.dtype),
        ]),
      );
    const { ops, faults } = compare(() => void step.step?.(again(state), again(given)));
    tf.dispose([state, given]);
    expect(faults).toEqual([]);
    expect(ops.size).toBeGreaterThan(25);
    expect([...ops]).toEqual(expect.arrayContaining(['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', 'Sum']));
  });

  it('agree on what the networks rarely use', () => {
    const x = (shape: [number, number, number, number]): tf.Tensor4D => tf.zeros(shape);
    const { ops, faults } = compare(() => {
      subsample(x([2, 7, 6, 3]), 2);
      tf.grad((t) => subsample(t as tf.Tensor4D, 2).sum())(x([2, 7, 6, 3]));
      tf.pad(x([1, 2, 3, 4]), [
        [0, 0],
        [1, 2],
        [0, 3],
        [0, 0],
      ]);
      tf.gather(x([5, 2, 3, 1]), tf.tensor1d([4, 0], 'int32'), 0);
      tf.slice(x([4, 3, 2, 1]), [1, 0, 1, 0], [-1, 2, 1, 1]);
      tf.max(x([4, 3, 2, 1]), [-1, 0], true);
      tf.oneHot(tf.tensor1d([1, 2], 'int32'), 5);
    });
    expect(faults).toEqual([]);
    for (const name of ['AvgPool', 'AvgPoolGrad', 'PadV2', 'GatherV2', 'Slice', 'Max', 'OneHot'])
      expect([...ops]).toContain(name);
  });

  it('refuse an op that they do not know, and a shape that depends on values', () => {
    expect(() => inferOutputs('Unique', [], [])).toThrow(/Unique/);
    const computed: Abstract = { shape: [2], dtype: 3 };
    expect(() => inferOutputs('Reshape', [], [{ shape: [4], dtype: 1 }, computed])).toThrow(/depends on values/);
  });
});
