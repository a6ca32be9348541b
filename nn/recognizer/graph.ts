import { imageSides, lastMap, type RecognizerConfig, squeezed, type Unit, unitsOf } from './config.ts';
import { namesOf, squeezeName } from './names.ts';

/** One operation, under ONNX's name. (`formats/onnx` writes these.) */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: { readonly [name: string]: number | readonly number[] | { readonly float: number } };
}

/** A parameter as the graph needs it. */
export interface GraphParameter {
  readonly name: string;
  /** [C, 1, 1] for slopes, which ONNX stretches over images from the right; otherwise PyTorch's shape. */
  readonly shape: readonly number[];
  /** All values alike, where the weights do not hold this parameter: scale and shift of a normalisation without any. */
  readonly constant?: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Parameters by name, in the order of use. */
  readonly parameters: readonly GraphParameter[];
}

/** What the graph gives: rows of length one, or the features as they are (whose length AdaFace takes as a sign of quality). */
export type GraphOutput = 'embedding' | 'features';

/** Axes of its input: any number of images, three colours, height and width. */
export const inputShape = (config: RecognizerConfig): ['N', 3, number, number] => ['N', 3, ...imageSides(config)];

/**
 * A recognizer with running statistics, as `embed` computes it, in operators of ONNX. It takes `input` float32 [N, 3, H, W] in
 * [-1, 1], in the order of colours that the network reads, and gives `output` [N, D].
 */
export const recognizerGraph = (config: RecognizerConfig, output: GraphOutput): Graph => {
  const build = new GraphBuilder();
  const { stem, head } = namesOf(config);
  const stemNames = { conv: stem.conv, norm: stem.norm };
  let h = build.convNorm('input', stemNames, { kernel: 3, from: 3, to: config.stemWidth, stride: config.stemStride });
  h = build.prelu(h, stem.slopes, config.stemWidth);
  for (const unit of unitsOf(config)) h = addUnit(build, h, unit, config);
  const { channels, size } = lastMap(config);
  h = build.norm(h, head.norm, channels);
  h = build.node('Flatten', [h], `${head.linear}.flat`, { axis: 1 });
  const weight = build.parameter(`${head.linear}.weight`, [config.embedding, channels * size[0] * size[1]]);
  const bias = build.parameter(`${head.linear}.bias`, [config.embedding]);
  h = build.node('Gemm', [h, weight, bias], head.linear, { transB: 1 });
  const learns = config.variant === 'iresnet';
  if (output === 'features') build.norm(h, head.features, config.embedding, { learns, into: output });
  else {
    h = build.norm(h, head.features, config.embedding, { learns });
    const length = build.node('ReduceL2', [h], 'length', { axes: [1], keepdims: 1 });
    build.node('Div', [h, length], output);
  }
  return build;
};

const addUnit = (build: GraphBuilder, x: string, unit: Unit, config: RecognizerConfig): string => {
  const names = namesOf(config).unit;
  const { from, to, stride } = unit;
  const at = (layer: string): string => `${unit.name}.${layer}`;
  let shortcut = x;
  if (unit.projected) {
    const projection = { conv: at(names.shortcutConv), norm: at(names.shortcutNorm) };
    shortcut = build.convNorm(x, projection, { kernel: 1, from, to, stride });
  } else if (stride > 1) {
    // A maximum over one pixel: every `stride`-th one is taken.
    shortcut = build.node('MaxPool', [x], at('shortcut'), { kernel_shape: [1, 1], strides: [stride, stride] });
  }
  let h = build.norm(x, at(names.norm1), from);
  h = build.convNorm(h, { conv: at(names.conv1), norm: at(names.norm2) }, { kernel: 3, from, to, stride: 1 });
  h = build.prelu(h, at(names.slopes), to);
  h = build.convNorm(h, { conv: at(names.conv2), norm: at(names.norm3) }, { kernel: 3, from: to, to, stride });
  if (config.variant === 'ir_se') h = addSqueeze(build, h, at(squeezeName), to);
  return build.node('Add', [h, shortcut], at('sum'));
};

const addSqueeze = (build: GraphBuilder, x: string, name: string, channels: number): string => {
  const hidden = squeezed(channels);
  let h = build.node('GlobalAveragePool', [x], `${name}.mean`);
  h = build.conv(h, `${name}.fc1`, { kernel: 1, from: channels, to: hidden, stride: 1 });
  h = build.node('Relu', [h], `${name}.relu`);
  h = build.conv(h, `${name}.fc2`, { kernel: 1, from: hidden, to: channels, stride: 1 });
  h = build.node('Sigmoid', [h], `${name}.share`);
  return build.node('Mul', [x, h], name);
};

interface Conv {
  readonly kernel: 1 | 3;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

/** Collects nodes and parameters; each value is named after the layer that gives it. */
class GraphBuilder implements Graph {
  readonly nodes: GraphNode[] = [];
  readonly parameters: GraphParameter[] = [];

  /** @returns the name of the value that the node gives */
  node(op: string, inputs: readonly string[], output: string, attributes?: GraphNode['attributes']): string {
    this.nodes.push({ op, inputs, outputs: [output], ...(attributes && { attributes }) });
    return output;
  }

  parameter(name: string, shape: readonly number[], constant?: number): string {
    this.parameters.push({ name, shape, ...(constant !== undefined && { constant }) });
    return name;
  }

  conv(x: string, name: string, { kernel, from, to, stride }: Conv): string {
    const weight = this.parameter(`${name}.weight`, [to, from, kernel, kernel]);
    const around = Math.floor(kernel / 2);
    return this.node('Conv', [x, weight], name, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [around, around, around, around],
    });
  }

  /** @param options.learns whether the weights hold its scale and shift @param options.into name of what it gives */
  norm(x: string, name: string, channels: number, { learns = true, into = name } = {}): string {
    const vector = (part: string, constant?: number): string => this.parameter(`${name}.${part}`, [channels], constant);
    const scale = vector('weight', learns ? undefined : 1);
    const shift = vector('bias', learns ? undefined : 0);
    const inputs = [x, scale, shift, vector('running_mean'), vector('running_var')];
    return this.node('BatchNormalization', inputs, into, { epsilon: { float: 1e-5 } });
  }

  convNorm(x: string, names: { readonly conv: string; readonly norm: string }, conv: Conv): string {
    return this.norm(this.conv(x, names.conv, conv), names.norm, conv.to);
  }

  prelu(x: string, name: string, channels: number): string {
    return this.node('PRelu', [x, this.parameter(`${name}.weight`, [channels, 1, 1])], name);
  }
}
