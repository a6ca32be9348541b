import type { OpAttribute } from '../kernels/backend.ts';

/** What a trace knows of a tensor: no values, except of constants that were made in JavaScript. */
export interface Abstract {
  readonly shape: readonly number[];
  /** TensorFlow's number of the dtype. */
  readonly dtype: number;
  /** Given for constants alone. */
  readonly values?: ArrayLike<number>;
}

/** Shape and dtype of an output. */
export interface Shaped {
  readonly shape: readonly number[];
  readonly dtype: number;
}

type Rule = (inputs: readonly Abstract[], attribute: (name: string) => unknown) => Shaped | Shaped[];

/** `DT_BOOL` and `DT_INT32` of TensorFlow's types.proto. */
const bool = 10;
const int32 = 3;

/**
 * Shapes and dtypes of an op's outputs, so that a step is traced without being computed: in seconds, and in no more
 * memory than the graph.
 *
 * @throws Error where the op has no rule here
 */
export const inferOutputs = (
  op: string,
  attributes: readonly OpAttribute[],
  inputs: readonly Abstract[],
): readonly Shaped[] => {
  const rule = rules[op];
  if (!rule) throw new Error(`a traced step used the op ${op}, whose shapes nn/compile/shapes.ts does not know`);
  const made = rule(inputs, (name) => attributes.find((attribute) => attribute.name === name)?.value);
  return Array.isArray(made) ? made : [made];
};

const at = (inputs: readonly Abstract[], i: number): Abstract => inputs[i] as Abstract;

/** Whole numbers of a constant operand: an axis, a permutation, a shape. */
const ints = (inputs: readonly Abstract[], i: number): number[] => {
  const { values } = at(inputs, i);
  if (!values) throw new Error('a traced step has a shape that depends on values');
  return Array.from(values);
};

const like =
  (i = 0): Rule =>
  (inputs) => ({ shape: at(inputs, i).shape, dtype: at(inputs, i).dtype });

const broadcastShape = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const [m = 1, n = 1] = [a.at(-1 - i), b.at(-1 - i)];
    return m === 1 ? n : m;
  }).reverse();

const binary: Rule = (inputs) => ({
  shape: broadcastShape(at(inputs, 0).shape, at(inputs, 1).shape),
  dtype: at(inputs, 0).dtype,
});

const comparison: Rule = (inputs, attribute) => ({ ...(binary(inputs, attribute) as Shaped), dtype: bool });

const normalAxes = (axes: readonly number[], rank: number): Set<number> =>
  new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));

const reduction: Rule = (inputs, attribute) => {
  const { shape, dtype } = at(inputs, 0);
  const axes = normalAxes(ints(inputs, 1), shape.length);
  const kept = attribute('keep_dims')
    ? shape.map((n, i) => (axes.has(i) ? 1 : n))
    : shape.filter((_, i) => !axes.has(i));
  return { shape: kept, dtype };
};

const matMul =
  (left: string, right: string): Rule =>
  (inputs, attribute) => {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    const rows = a.shape.at(attribute(left) ? -1 : -2) as number;
    const columns = b.shape.at(attribute(right) ? -2 : -1) as number;
    return { shape: [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns], dtype: a.dtype };
  };

/** Height and width after a window of `size` at `stride`, NHWC. */
const windowed = (
  [b, h, w]: readonly number[],
  size: readonly number[],
  channels: number,
  attribute: (name: string) => unknown,
): number[] => {
  const strides = attribute('strides') as number[];
  const pads = (attribute('explicit_paddings') ?? []) as number[];
  const along = (length: number, axis: 1 | 2): number => {
    const stride = strides[axis] as number;
    if (attribute('padding') === 'SAME') return Math.ceil(length / stride);
    const padded = length + (pads[2 * axis] ?? 0) + (pads[2 * axis + 1] ?? 0);
    return Math.floor((padded - (size[axis - 1] as number)) / stride) + 1;
  };
  return [b as number, along(h as number, 1), along(w as number, 2), channels];
};

const shapeFrom =
  (operand: number, dtypeOf: number): Rule =>
  (inputs) => ({ shape: ints(inputs, operand), dtype: at(inputs, dtypeOf).dtype });

const blocks =
  (factor: (p: number) => number): Rule =>
  (inputs, attribute) => {
    const { shape, dtype } = at(inputs, 0);
    const f = factor(attribute('block_size') as number);
    const [b, h, w, c] = shape as [number, number, number, number];
    return { shape: [b, h * f, w * f, c / (f * f)], dtype };
  };

const drawn: Rule = (inputs, attribute) => ({ shape: ints(inputs, 0), dtype: attribute('dtype') as number });

/** [scale, mean, …] of batch norm have one value a channel. */
const perChannel = (inputs: readonly Abstract[]): Shaped => {
  const { shape, dtype } = at(inputs, 0);
  return { shape: [shape.at(-1) as number], dtype };
};
const empty: Shaped = { shape: [0], dtype: 1 };

const named = (names: string, rule: Rule): Record<string, Rule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));

const rules: { readonly [op: string]: Rule } = {
  ...named('Abs Acos Cos Elu Erf Exp Identity Log Neg Reciprocal Relu Relu6 Rsqrt Sigmoid Sign', like()),
  ...named('Sin Softmax Softplus Sqrt Square Tanh ZerosLike OnesLike ReverseV2 BiasAdd ReluGrad', like()),
  ...named('Add AddV2 Sub Mul RealDiv FloorDiv Maximum Minimum SquaredDifference Pow', binary),
  ...named('Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr', comparison),
  ...named('IsFinite IsNan LogicalNot', (inputs) => ({ shape: at(inputs, 0).shape, dtype: bool })),
  ...named('Sum Mean Max Min Prod All', reduction),
  ...named('StatelessRandomNormal StatelessRandomUniform', drawn),
  IdentityN: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
  Cast: (inputs, attribute) => ({ shape: at(inputs, 0).shape, dtype: attribute('DstT') as number }),
  Select: like(1),
  Reshape: (inputs) => {
    const { shape, dtype } = at(inputs, 0);
    const wanted = ints(inputs, 1);
    const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
    const rest = product(shape) / product(wanted.filter((n) => n !== -1));
    return { shape: wanted.map((n) => (n === -1 ? rest : n)), dtype };
  },
  Transpose: (inputs) => ({
    shape: ints(inputs, 1).map((axis) => at(inputs, 0).shape[axis] as number),
    dtype: at(inputs, 0).dtype,
  }),
  Tile: (inputs) => {
    const times = ints(inputs, 1);
    return { shape: at(inputs, 0).shape.map((n, i) => n * (times[i] as number)), dtype: at(inputs, 0).dtype };
  },
  Fill: shapeFrom(0, 1),
  BroadcastTo: shapeFrom(1, 0),
  ConcatV2: (inputs) => {
    const joined = inputs.slice(0, -1);
    const first = at(joined, 0);
    const axis = [...normalAxes(ints(inputs, inputs.length - 1), first.shape.length)][0];
    const length = joined.reduce((sum, { shape }) => sum + (shape[axis as number] as number), 0);
    return { shape: first.shape.map((n, i) => (i === axis ? length : n)), dtype: first.dtype };
  },
  SplitV: (inputs) => {
    const { shape, dtype } = at(inputs, 0);
    const axis = [...normalAxes(ints(inputs, 2), shape.length)][0];
    return ints(inputs, 1).map((size) => ({ shape: shape.map((n, i) => (i === axis ? size : n)), dtype }));
  },
  Slice: (inputs) => {
    const { shape, dtype } = at(inputs, 0);
    const sizes = ints(inputs, 2);
    // Where it begins may depend on values, as long as its size does not.
    if (!sizes.includes(-1)) return { shape: sizes, dtype };
    const begin = ints(inputs, 1);
    return { shape: sizes.map((n, i) => (n === -1 ? (shape[i] as number) - (begin[i] as number) : n)), dtype };
  },
  PadV2: (inputs) => {
    const pads = ints(inputs, 1);
    const shape = at(inputs, 0).shape.map((n, i) => n + (pads[2 * i] as number) + (pads[2 * i + 1] as number));
    return { shape, dtype: at(inputs, 0).dtype };
  },
  GatherV2: (inputs) => {
    const { shape, dtype } = at(inputs, 0);
    const axis = [...normalAxes(ints(inputs, 2), shape.length)][0] as number;
    return { shape: [...shape.slice(0, axis), ...at(inputs, 1).shape, ...shape.slice(axis + 1)], dtype };
  },
  OneHot: (inputs) => ({ shape: [...at(inputs, 0).shape, ...ints(inputs, 1)], dtype: at(inputs, 2).dtype }),
  ArgMax: (inputs, attribute) => {
    const { shape } = at(inputs, 0);
    const axes = normalAxes(ints(inputs, 1), shape.length);
    return { shape: shape.filter((_, i) => !axes.has(i)), dtype: (attribute('output_type') as number) ?? int32 };
  },
  MatMul: matMul('transpose_a', 'transpose_b'),
  BatchMatMulV2: matMul('adj_x', 'adj_y'),
  Conv2D: (inputs, attribute) => {
    const [x, w] = [at(inputs, 0), at(inputs, 1)];
    return { shape: windowed(x.shape, w.shape.slice(0, 2), w.shape[3] as number, attribute), dtype: x.dtype };
  },
  Conv2DBackpropInput: shapeFrom(0, 2),
  Conv2DBackpropFilter: shapeFrom(1, 2),
  BiasAddGrad: perChannel,
  AvgPool: (inputs, attribute) => {
    const { shape, dtype } = at(inputs, 0);
    const size = (attribute('ksize') as number[]).slice(1, 3);
    return { shape: windowed(shape, size, shape[3] as number, attribute), dtype };
  },
  AvgPoolGrad: shapeFrom(0, 1),
  SpaceToDepth: blocks((p) => 1 / p),
  DepthToSpace: blocks((p) => p),
  FusedBatchNormV3: (inputs) => [
    { shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype },
    ...Array.from({ length: 4 }, () => perChannel(inputs)),
    empty,
  ],
  FusedBatchNormGradV3: (inputs) => [
    { shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype },
    perChannel(inputs),
    perChannel(inputs),
    empty,
    empty,
  ],
  CemiflowBatchNorm: (inputs) => [0, 1, 1, 1].map((i) => ({ shape: at(inputs, i).shape, dtype: at(inputs, i).dtype })),
  CemiflowBatchNormGrad: (inputs) => [1, 2, 2].map((i) => ({ shape: at(inputs, i).shape, dtype: at(inputs, i).dtype })),
  CemiflowConv3x3: (inputs, attribute) => {
    const [x, w] = [at(inputs, 0), at(inputs, 1)];
    const [batch, height, width] = x.shape as [number, number, number];
    const stride = attribute('stride') as number;
    const [times, channels] = attribute('transposed') ? [stride, w.shape[2]] : [1 / stride, w.shape[3]];
    return { shape: [batch, times * height, times * width, channels as number], dtype: x.dtype };
  },
  CemiflowConv3x3WeightGrad: (inputs) => {
    const [x, dy] = [at(inputs, 0), at(inputs, 1)];
    return { shape: [3, 3, x.shape[3] as number, dy.shape[3] as number], dtype: x.dtype };
  },
  CemiflowGroupNorm: (inputs, attribute) => {
    const { shape, dtype } = at(inputs, 0);
    const statistics = { shape: [shape[0] as number, attribute('groups') as number], dtype };
    return [{ shape, dtype }, statistics, statistics];
  },
  CemiflowGroupNormGrad: (inputs) => [1, 2, 3].map((i) => ({ shape: at(inputs, i).shape, dtype: at(inputs, i).dtype })),
  ...named('CemiflowAffine CemiflowPrelu CemiflowSampleAffine', like()),
  CemiflowPositionSums: (inputs) => {
    const { shape, dtype } = at(inputs, 0);
    return { shape: [shape[0] as number, shape[3] as number], dtype };
  },
  CemiflowPreluGrad: (inputs) => [1, 2].map((i) => ({ shape: at(inputs, i).shape, dtype: at(inputs, i).dtype })),
  SoftmaxCrossEntropyWithLogits: (inputs) => [
    { shape: at(inputs, 0).shape.slice(0, -1), dtype: at(inputs, 0).dtype },
    { shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype },
  ],
};
