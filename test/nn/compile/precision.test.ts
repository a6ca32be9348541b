import { describe, expect, it } from 'vitest';
import {
  compileFunction,
  compileStep,
  type Programs,
  type Step,
  type StepFunction,
} from '../../../nn/compile/index.ts';
import { type Precision, recordIn } from '../../../nn/compile/precision.ts';
import type { Source, Trace, TracedTensor, TraceNode } from '../../../nn/compile/recorder.ts';
import { dtypeNumber } from '../../../nn/compile/session.ts';
import { prefixed, valueAndGradients, withPrefix } from '../../../nn/gradients.ts';
import { activation } from '../../../nn/kernels/activation.ts';
import { exact } from '../../../nn/kernels/annotate.ts';
import { attribute, op } from '../../../nn/kernels/backend.ts';
import { matMul } from '../../../nn/kernels/mat-mul.ts';
import { batchNormTrain } from '../../../nn/layers/batch-norm.ts';
import { conv2d } from '../../../nn/layers/conv.ts';
import { type TestNetwork, testNetworks, testRecognizer, testUnet } from '../../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

type Op = TraceNode & { readonly type: 'op' };

const nameOf = (dtype: number): string =>
  dtype === 14 || dtype === 19 ? 'low' : dtype === dtypeNumber('float32') ? 'float' : 'other';

/** A trace in mixed precision, with what of it a test looks at. */
class Traced {
  readonly #trace: Trace;
  readonly #results: TracedTensor[];

  /** @param example inputs by name @param fn what is traced */
  constructor(example: Tensors, fn: (inputs: Tensors) => Tensors, precision: Precision = 'bfloat16') {
    const ends = Object.entries(example).map(([name, { shape, dtype }]) => ({
      ...{ name, shape },
      dtype: dtypeNumber(dtype),
    }));
    const { trace, results } = recordIn(precision, ends, (inputs) => ({ all: fn(inputs) }));
    this.#trace = trace;
    this.#results = results.all;
    tf.dispose(example);
  }

  /** `MatMul low low → low`, in the order of the trace. @param name of ops; default all */
  ops(name?: string): string[] {
    return this.#ops
      .filter((op) => name === undefined || op.name === name)
      .map(({ name: op, inputs, outputs }) => {
        const types = outputs.map(({ dtype }) => nameOf(dtype));
        return `${[op, ...inputs.map((source) => this.#typeOf(source))].join(' ')} → ${types.join(' ')}`;
      });
  }

  /** Types of what comes out. */
  get results(): string[] {
    return [...new Set(this.#results.map(({ source }) => this.#typeOf(source)))];
  }

  /** Casts between float32 and bfloat16, each as its operand and the type that it gives. tfjs casts float32 to itself at times. */
  get casts(): string[] {
    return this.#casts.map(({ inputs: [source], outputs: [output] }) => `${source} ${output?.dtype}`);
  }

  /** Of these, those that take what another one gives. */
  get thereAndBack(): string[] {
    const casts: readonly TraceNode[] = this.#casts;
    return this.#casts
      .filter(({ inputs: [source] }) => casts.includes(this.#trace.nodes[source?.[0] as number] as TraceNode))
      .map(({ inputs }) => `${inputs}`);
  }

  get #casts(): Op[] {
    return this.#ops.filter(({ name, inputs: [source], outputs: [output] }) => {
      const types = new Set([this.#typeOf(source as Source), nameOf(output?.dtype as number)]);
      return name === 'Cast' && types.size === 2 && !types.has('other');
    });
  }

  get #ops(): Op[] {
    return this.#trace.nodes.filter((node): node is Op => node.type === 'op');
  }

  #typeOf([node, output]: Source): string {
    const made = this.#trace.nodes[node] as TraceNode;
    return nameOf(made.type === 'op' ? (made.outputs[output]?.dtype as number) : made.dtype);
  }
}

const mapValues = (tensors: Tensors, map: (tensor: tf.Tensor) => tf.Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor)]));
const square = (): tf.Tensor => tf.zeros([4, 4]);
const product = (a: unknown, b: unknown): tf.Tensor2D => matMul(a as tf.Tensor2D, b as tf.Tensor2D);

describe('a trace in bfloat16', () => {
  it('has products in it, casts a weight once however often it is used, and gives float32', () => {
    const traced = new Traced({ x: square(), w: square() }, ({ x, w }) => ({ y: product(product(x, w), w) }));
    expect(traced.ops('MatMul')).toEqual(['MatMul low low → low', 'MatMul low low → low']);
    expect(traced.ops('Cast')).toHaveLength(3);
    expect(traced.results).toEqual(['float']);
  });

  it.each(['float32', 'tf32'] as const)('is the float32 trace itself in %s', (precision) => {
    const traced = new Traced({ x: square() }, ({ x }) => ({ y: product(x, x) }), precision);
    expect(traced.ops()).toEqual(['MatMul float float → float']);
  });

  it('keeps what lies between two products in it, and casts nothing there and back', () => {
    const example = { x: tf.zeros([1, 4, 4, 2]), w: tf.zeros([3, 3, 2, 2]) };
    const traced = new Traced(example, ({ x, w }) => {
      const kernel = w as tf.Tensor4D;
      const first = conv2d(x as tf.Tensor4D, kernel, 1);
      return { y: conv2d(tf.relu(first.add(first)) as tf.Tensor4D, kernel, 1) };
    });
    expect(traced.ops('Conv2D')).toEqual(['Conv2D low low → low', 'Conv2D low low → low']);
    expect(traced.ops('Relu')).toEqual(['Relu low → low']);
    for (const op of traced.ops().filter((name) => name.startsWith('Add'))) expect(op).toMatch(/ low low → low$/);
    expect(traced.thereAndBack).toEqual([]);
  });

  it('has the softmax between two products in float32', () => {
    const traced = new Traced({ x: square() }, ({ x }) => ({ y: product(tf.softmax(product(x, x)), x) }));
    expect(traced.ops('Softmax')).toEqual(['Softmax float → float']);
    expect(traced.ops('MatMul')).toEqual(['MatMul low low → low', 'MatMul low low → low']);
  });

  it('has sums, means and losses in float32', () => {
    const traced = new Traced({ x: square(), y: square() }, ({ x, y }) => ({
      loss: tf.mean(tf.square(product(x, x).sub(y as tf.Tensor))),
      sum: tf.sum(product(x, x)),
    }));
    for (const name of ['Sub', 'Square', 'Mean', 'Sum'])
      for (const op of traced.ops(name)) expect(op.replace(/ other/, '')).toMatch(/^\w+( float)+ → float$/);
    expect(traced.ops('Sum').length + traced.ops('Mean').length).toBeGreaterThan(1);
  });

  it('has an exact product in float32, and its gradient too', () => {
    const gradientsOf = (multiply: (a: unknown, b: unknown) => tf.Tensor) =>
      new Traced({ x: square(), w: square() }, ({ x, w }) => {
        const { value, gradients } = valueAndGradients((v) => tf.sum(multiply(v.x, v.w)) as tf.Scalar, {
          x,
          w,
        } as Tensors);
        return { value, ...gradients };
      }).ops('MatMul');
    expect(gradientsOf(product)).toEqual(Array(3).fill('MatMul low low → low'));
    expect(gradientsOf((a, b) => exact(() => product(a, b)))).toEqual(Array(3).fill('MatMul float float → float'));
  });

  it('rounds what an exact product gives once where it is an activation', () => {
    const of = (mark: <T extends tf.Tensor>(x: T) => T) =>
      new Traced({ x: square() }, ({ x }) => ({ y: tf.relu(mark(exact(() => product(x, x)))) })).ops('Relu');
    expect(of((x) => x)).toEqual(['Relu float → float']);
    expect(of(activation)).toEqual(['Relu low → low']);
  });

  it('has the statistics of a normalisation in float32, what is normalised in bfloat16', () => {
    const example = { x: tf.zeros([1, 4, 4, 2]), w: tf.zeros([1, 1, 2, 2]), scale: tf.zeros([2]) };
    const traced = new Traced(example, ({ x, w, scale }) => {
      const norm = (v: tf.Tensor) =>
        batchNormTrain(conv2d(x as tf.Tensor4D, v as tf.Tensor4D, 1), scale as tf.Tensor, scale as tf.Tensor);
      const { mean, variance } = norm(w as tf.Tensor);
      return {
        mean,
        variance,
        gradient: tf.grad((v) => tf.sum(conv2d(norm(v).y, v as tf.Tensor4D, 1)))(w as tf.Tensor),
      };
    });
    for (const op of traced.ops('CemiflowBatchNorm'))
      expect(op).toBe('CemiflowBatchNorm low float float → low float float float');
    expect(traced.ops('CemiflowBatchNormGrad')).toEqual([
      'CemiflowBatchNormGrad low low float float float → low float float',
    ]);
  });

  it('multiplies by a constant in bfloat16 only where bfloat16 holds it to the last bit', () => {
    const of = (factor: number): string =>
      new Traced({ x: square() }, ({ x }) => ({ y: product(x, x).mul(factor) })).ops('Mul').join();
    expect(of(0.5)).toBe('Mul low low → low');
    expect(of(0.1)).toBe('Mul float float → float');
  });

  it('has the optimizer, the state and the metrics in float32', () => {
    const traced = new Traced({ x: square(), w: square(), m: square(), rate: tf.scalar(0.1) }, ({ x, w, m, rate }) => {
      const { value, gradients } = valueAndGradients((v) => tf.mean(product(x, v.w)) as tf.Scalar, { w } as Tensors);
      const momentum = (m as tf.Tensor).mul(0.9).add(gradients.w as tf.Tensor);
      return { loss: value, m: momentum, w: (w as tf.Tensor).sub(momentum.mul(rate as tf.Tensor)) };
    });
    expect(traced.ops('Sub')).toEqual(['Sub float float → float']);
    expect(traced.ops('Mul').filter((op) => op.includes('low'))).toEqual([]);
    expect(traced.results).toEqual(['float']);
  });

  it.each(testNetworks)(
    'of a whole training step, $name: each tensor is cast once to a type, and none twice',
    (network) => {
      const { step } = network.step as { step: StepFunction };
      const example = { ...prefixed(network.initial(), 'state'), ...prefixed(network.batch(0), 'batch') };
      const traced = new Traced(example, (inputs) => {
        const { state, metrics } = step(withPrefix(inputs, 'state'), withPrefix(inputs, 'batch'));
        return { ...prefixed(state, 'state'), ...prefixed(metrics, 'metrics') };
      });
      expect(traced.results).toEqual(['float']);
      expect(traced.casts.length).toBeGreaterThan(10);
      expect(new Set(traced.casts).size).toBe(traced.casts.length);
      expect(traced.thereAndBack).toEqual([]);
      const convolutions = traced.ops().filter((op) => op.startsWith('Conv2D'));
      expect(convolutions.filter((op) => op.includes('low')).length).toBeGreaterThan(convolutions.length / 2);
    },
  );
});

describe('a trace in float16', () => {
  it('is rewritten like one in bfloat16, with casts to half', () => {
    const traced = new Traced(
      { x: square(), w: square() },
      ({ x, w }) => ({
        y: product(
          tf.relu(product(x, w)),
          exact(() => product(x, w)),
        ),
      }),
      'float16',
    );
    expect(traced.ops('MatMul')).toEqual([
      'MatMul low low → low',
      'MatMul float float → float',
      'MatMul low low → low',
    ]);
    expect(traced.ops('Relu')).toEqual(['Relu low → low']);
    expect(new Set(traced.casts.map((cast) => cast.split(' ')[1]))).toEqual(new Set(['19', '1']));
    expect(traced.results).toEqual(['float']);
  });

  it('multiplies by a constant in it only where it holds that to the last bit', () => {
    const of = (factor: number): string =>
      new Traced({ x: square() }, ({ x }) => ({ y: product(x, x).mul(factor) }), 'float16').ops('Mul').join();
    const [low, float] = ['Mul low low → low', 'Mul float float → float'];
    expect([0, 0.5, -1 - 2 ** -10, 2 ** -14, 65504].map(of)).toEqual(Array(5).fill(low));
    expect([0.1, 1 + 2 ** -11, 2 ** -15, 2 ** 16].map(of)).toEqual(Array(4).fill(float));
  });

  it('leaves our own kernels in float32, which do not know it', () => {
    const example = { x: tf.zeros([1, 4, 4, 2]), w: tf.zeros([1, 1, 2, 2]), alpha: tf.zeros([2]) };
    const attributes = [attribute.float32('T')];
    const of = (precision: Precision): string[] =>
      new Traced(
        mapValues(example, (tensor) => tensor.clone()),
        ({ x, w, alpha }) => ({
          y: op('CemiflowPrelu', attributes, [conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1), alpha as tf.Tensor]),
        }),
        precision,
      ).ops('CemiflowPrelu');
    expect(of('bfloat16')).toEqual(['CemiflowPrelu low float → low']);
    expect(of('float16')).toEqual(['CemiflowPrelu float float → float']);
    tf.dispose(example);
  });
});

/** One step: its loss, and what it left in the state as vectors by name. */
const firstStep = (network: TestNetwork, precision: Precision): { loss: number; state: Map<string, Float32Array> } => {
  const [initial, batch] = [network.initial(), network.batch(0)];
  const step: Step = compileStep(network.step as Programs, initial, batch, { precision });
  const { loss = Number.NaN } = step.run(batch);
  const read = step.readState();
  const state = new Map(
    Object.entries(read).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync() as Float32Array)]),
  );
  step.dispose();
  tf.dispose([initial, batch, read]);
  return { loss, state };
};

/** |a − b| / |a|, of all vectors of these names as one. */
const distance = (a: Map<string, Float32Array>, b: Map<string, Float32Array>, wanted: RegExp): number => {
  let [difference, size] = [0, 0];
  for (const [name, values] of a) {
    if (!wanted.test(name)) continue;
    values.forEach((x, i) => {
      difference += (x - (b.get(name)?.[i] as number)) ** 2;
      size += x ** 2;
    });
  }
  expect(size, 'nothing has this name').toBeGreaterThan(0);
  return Math.sqrt(difference / size);
};

describe('training in bfloat16', () => {
  // After one step both are a multiple of the gradient.
  it.each([
    ['UNet', testUnet(), /^adam\.m/, 1e-2],
    ['recognizer', testRecognizer(), /^sgd\./, 8e-2],
  ] as const)(
    '%s: loss and gradients are those of float32 up to rounding, and not beyond',
    (_, network, gradients, most) => {
      const [float, low] = [firstStep(network, 'float32'), firstStep(network, 'bfloat16')];
      expect(low.loss).not.toBe(float.loss);
      expect(Math.abs(low.loss / float.loss - 1)).toBeLessThan(1e-2);
      const found = distance(float.state, low.state, gradients);
      expect(found).toBeGreaterThan(1e-5);
      expect(found).toBeLessThan(most);
    },
  );
});

describe('a function in bfloat16', () => {
  it('gives what float32 gives, rounded', () => {
    const w = tf.randomNormal([16, 16], 0, 1, 'float32', 1);
    const x = tf.randomNormal([4, 16], 0, 1, 'float32', 2);
    const outputs = (['float32', 'bfloat16'] as const).map((precision) => {
      const compiled = compileFunction(
        (weights, inputs) => ({ y: product(inputs.x, weights.w) }),
        { w },
        { x },
        { precision },
      );
      const { y } = compiled.run({ x });
      const values = [...(y as tf.Tensor).dataSync()];
      compiled.dispose();
      tf.dispose(y as tf.Tensor);
      return values;
    });
    const [float, low] = outputs as [number[], number[]];
    const scale = Math.max(...float.map(Math.abs));
    const worst = Math.max(...float.map((value, i) => Math.abs(value - (low[i] as number)) / scale));
    expect(worst).toBeGreaterThan(1e-4);
    expect(worst).toBeLessThan(1e-2);
    tf.dispose([w, x]);
  });
});
