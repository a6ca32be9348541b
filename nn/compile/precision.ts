import { annotated } from '../kernels/annotate.ts';
import { attribute, backend, type OpAttribute } from '../kernels/backend.ts';
import { record, type Source, type Trace, type TracedTensor, type TraceNode } from './recorder.ts';

/**
 * What products and convolutions are computed in. `bfloat16` and `float16` are mixed precision: weights, their averages, optimizers,
 * losses, statistics of normalisations and softmax stay in float32, and every sum is accumulated in it. Training in `float16` scales
 * its losses (`nn/loss-scale.ts`). `tf32` is the graph of float32, in a process whose GPU may round the operands of products to TF32.
 */
export type Precision = 'float32' | 'tf32' | 'bfloat16' | 'float16';

/** Those that rewrite a trace. */
type Mixed = 'bfloat16' | 'float16';

/** How a step or function is compiled. */
export interface CompileOptions {
  /** `false` runs the function eagerly, in float32 (tests compare the two). */
  readonly compiled?: boolean;
  /** Default float32. */
  readonly precision?: Precision;
}

/** The parameter of every stage that computes with networks. The spec states it; no machine chooses another. */
export interface PrecisionOption {
  readonly precision: Precision;
}

/** A type of half the bytes. */
interface Low {
  /** Its number in TensorFlow's types.proto. */
  readonly type: number;
  /** Whether `nn/native` computes in it. */
  readonly ownKernels: boolean;
  /** Whether it holds a float32 to the last bit. */
  holds(value: number): boolean;
}

const float32Bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] as number;

const lows: { readonly [precision in Mixed]: Low } = {
  bfloat16: { type: 14, ownKernels: true, holds: (value) => (float32Bits(value) & 0xffff) === 0 },
  float16: {
    ...{ type: 19, ownKernels: false },
    // 11 bits of mantissa, and the exponents of normal numbers: from 2^−14 to below 2^16.
    holds: (value) =>
      (float32Bits(value) & 0x1fff) === 0 &&
      (value === 0 || (Math.abs(value) >= 2 ** -14 && Math.abs(value) < 2 ** 16)),
  },
};

type Op = TraceNode & { readonly type: 'op' };

/** Computed in the low type, whatever their operands are. */
const products = new Set([
  ...['CemiflowConv3x3', 'CemiflowConv3x3WeightGrad', 'Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'],
  ...['MatMul', 'BatchMatMulV2'],
]);

/** Computed in the low type where all their operands have it; they move values, or round once. */
const followers = new Set([
  ...['Reshape', 'Transpose', 'Tile', 'ConcatV2', 'SplitV', 'Slice', 'PadV2'],
  ...[
    'Identity',
    'ReverseV2',
    'SpaceToDepth',
    'DepthToSpace',
    'AvgPool',
    'AvgPoolGrad',
    'Select',
    'Greater',
    'ZerosLike',
  ],
  ...['Add', 'AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum', 'Neg', 'Relu', 'Relu6', 'ReluGrad'],
]);

/** Ops of which only images may have the low type, while weights and statistics stay in float32: which operands and outputs are images. */
const ofImages: {
  readonly [op: string]: { readonly operands: readonly number[]; readonly outputs: readonly number[] };
} = {
  FusedBatchNormV3: { operands: [0], outputs: [0] },
  FusedBatchNormGradV3: { operands: [0, 1], outputs: [0] },
  CemiflowBatchNorm: { operands: [0], outputs: [0] },
  CemiflowBatchNormGrad: { operands: [0, 1], outputs: [0] },
  CemiflowGroupNorm: { operands: [0], outputs: [0] },
  CemiflowGroupNormGrad: { operands: [0, 1], outputs: [0] },
  CemiflowConv3x3: { operands: [0], outputs: [0] },
  CemiflowConv3x3WeightGrad: { operands: [0, 1], outputs: [] },
  CemiflowPositionSums: { operands: [0, 1], outputs: [] },
  CemiflowSampleAffine: { operands: [0], outputs: [0] },
  CemiflowAffine: { operands: [0], outputs: [0] },
  CemiflowPrelu: { operands: [0], outputs: [0] },
  CemiflowPreluGrad: { operands: [0, 1], outputs: [0] },
};

/**
 * A trace in mixed precision. Each tensor has one type, and is cast once to the other where somebody needs it: weights once
 * for each run, and never there and back.
 *
 * @returns the trace, and where a source of the old trace lies in it, as float32
 */
export const inPrecision = (trace: Trace, precision: Mixed): { trace: Trace; place: (source: Source) => Source } => {
  const rewriter = new Rewriter(trace, lows[precision]);
  for (const [index, node] of trace.nodes.entries()) rewriter.add(node, index);
  return { trace: { nodes: rewriter.nodes }, place: (source) => rewriter.place(source, float()) };
};

/** A trace in a precision. Its results are float32 in any. */
export const recordIn: <K extends string>(
  precision: Precision,
  ...given: Parameters<typeof record<K>>
) => ReturnType<typeof record<K>> = (precision, ...given) => {
  const recorded = annotated({ precision }, () => record(...given));
  if (precision === 'float32' || precision === 'tf32') return recorded;
  const { trace, place } = inPrecision(recorded.trace, precision);
  const results = Object.fromEntries(
    Object.entries<TracedTensor[]>(recorded.results).map(([key, tensors]) => [
      key,
      tensors.map((each) => ({ ...each, source: place(each.source) })),
    ]),
  );
  return { trace, results: results as typeof recorded.results };
};

/** tfjs casts gradients to the type that they have; that must not end an activation. */
const withoutCast = (node: TraceNode): TraceNode => {
  if (node.type !== 'op' || node.name !== 'Cast') return node;
  const [from, to] = ['SrcT', 'DstT'].map((name) => node.attributes.find((each) => each.name === name)?.value);
  if (from !== float() || to !== float()) return node;
  return { ...node, name: 'Identity', attributes: [attribute.float32('T')] };
};

const float = (): number => backend().binding.TF_FLOAT;

class Rewriter {
  readonly nodes: TraceNode[] = [];
  readonly #old: Trace;
  readonly #format: Low;
  readonly #low: number;
  /** Sources of the new trace by source of the old one and type. */
  readonly #places = new Map<string, Source>();
  /** The type in which a source was made; float32 unless it is here. */
  readonly #lowered = new Set<string>();

  constructor(old: Trace, format: Low) {
    this.#old = old;
    this.#format = format;
    this.#low = format.type;
  }

  add(given: TraceNode, index: number): void {
    const node = withoutCast(given);
    if (node.type !== 'op') {
      const at = this.nodes.push(node) - 1;
      this.#put([index, 0], [at, 0], node.dtype);
      return;
    }
    const low = this.#isLow(node);
    const images = ofImages[node.name];
    const lowOperand = (i: number): boolean => low && (images?.operands.includes(i) ?? true);
    const lowOutput = (i: number): boolean => low && (images?.outputs.includes(i) ?? true);
    const inputs = node.inputs.map((source, i) =>
      this.#isFloat(source) ? this.place(source, lowOperand(i) ? this.#low : float()) : this.place(source),
    );
    const outputs = node.outputs.map(({ shape, dtype }, i) => ({
      shape,
      dtype: dtype === float() && lowOutput(i) ? this.#low : dtype,
    }));
    const attributes = low ? node.attributes.map((each) => this.#retyped(each)) : node.attributes;
    const after = node.after && this.place(node.after);
    const at = this.nodes.push({ ...node, inputs, outputs, attributes, after }) - 1;
    for (const [i, { dtype }] of outputs.entries()) this.#put([index, i], [at, i], dtype);
    if (node.rounding === 'activation') this.place([index, 0], this.#low, true);
  }

  /** Where a source of the old trace lies in the new one, in a type (default: its own). Adds the cast where it has none. */
  place(source: Source, type = this.#typeOf(source), keep = false): Source {
    const known = this.#places.get(`${source} ${type}`);
    if (known) return known;
    const own = this.#typeOf(source);
    const cast = this.#cast(this.place(source), own, type, this.#shapeOf(source));
    this.#places.set(`${source} ${type}`, cast);
    if (keep) this.#lowered.add(`${source}`);
    return cast;
  }

  #put(source: Source, at: Source, type: number): void {
    this.#places.set(`${source} ${type}`, at);
    if (type === this.#low) this.#lowered.add(`${source}`);
  }

  #cast(source: Source, from: number, to: number, shape: readonly number[]): Source {
    const { TF_ATTR_TYPE, TF_ATTR_BOOL } = backend().binding;
    const attributes: OpAttribute[] = [
      { name: 'SrcT', type: TF_ATTR_TYPE, value: from },
      { name: 'DstT', type: TF_ATTR_TYPE, value: to },
      { name: 'Truncate', type: TF_ATTR_BOOL, value: false },
    ];
    return [
      this.nodes.push({ type: 'op', name: 'Cast', attributes, inputs: [source], outputs: [{ shape, dtype: to }] }) - 1,
      0,
    ];
  }

  #isLow(node: Op): boolean {
    if (!this.#format.ownKernels && node.name.startsWith('Cemiflow')) return false;
    const floats = node.inputs.filter((source) => this.#isFloat(source));
    if (products.has(node.name)) return node.rounding !== 'exact';
    if (node.name in ofImages) return this.#lowered.has(`${node.inputs[0]}`);
    if (node.name === 'BiasAdd' || node.name === 'BiasAddGrad') return this.#lowered.has(`${floats[0]}`);
    if (!followers.has(node.name) || floats.length === 0) return false;
    return (
      floats.some((source) => this.#lowered.has(`${source}`)) &&
      floats.every((source) => this.#lowered.has(`${source}`) || this.#isExactScalar(source))
    );
  }

  /** A constant that the low type holds to the last bit. */
  #isExactScalar([index]: Source): boolean {
    const node = this.#old.nodes[index] as TraceNode;
    if (node.type !== 'constant' || node.values.length !== 1) return false;
    return this.#format.holds(node.values[0] as number);
  }

  #retyped(given: OpAttribute): OpAttribute {
    return given.name === 'T' && given.value === float() ? { ...given, value: this.#low } : given;
  }

  #isFloat(source: Source): boolean {
    return this.#oldOutput(source).dtype === float();
  }

  #typeOf(source: Source): number {
    return this.#lowered.has(`${source}`) ? this.#low : this.#oldOutput(source).dtype;
  }

  #shapeOf(source: Source): readonly number[] {
    return this.#oldOutput(source).shape;
  }

  #oldOutput([index, output]: Source): { readonly shape: readonly number[]; readonly dtype: number } {
    const node = this.#old.nodes[index] as TraceNode;
    return node.type === 'op' ? (node.outputs[output] as { shape: readonly number[]; dtype: number }) : node;
  }
}
