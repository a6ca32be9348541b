import { encodeMessage, Float, type Message } from '../protobuf.ts';

/** One operation of a graph. */
export interface OnnxNode {
  /** An operator of ONNX, such as `Conv`. */
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers and lists of them, or floats. */
  readonly attributes?: { readonly [name: string]: number | readonly number[] | { readonly float: number } };
}

/** A constant of a graph: weights. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An input or output of a graph, float32. Axes that are text may have any length, the same wherever the text is. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: { readonly [key: string]: string };
}

/** Version of the format, and of its operators: what onnxruntime 1.15 (2023) and later read. */
const [irVersion, opset] = [8, 17] as const;

/** Number of float32 among ONNX's types. */
const float32 = 1;

/**
 * A model as a file of ONNX (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Equal models give equal bytes.
 *
 * @returns pieces to be written one after another
 */
export const encodeOnnx = (model: OnnxModel): Uint8Array[] =>
  encodeMessage([
    [1, irVersion],
    [2, 'cemiflow'],
    [7, graphOf(model)],
    [8, [[2, opset]]],
    ...Object.entries(model.metadata).map(([key, value]) => [14, [[1, key] as const, [2, value] as const]] as const),
  ]);

const graphOf = ({ name, nodes, initializers, inputs, outputs }: OnnxModel): Message => [
  ...nodes.map((node) => [1, nodeOf(node)] as const),
  [2, name],
  ...initializers.map((tensor) => [5, tensorOf(tensor)] as const),
  ...inputs.map((value) => [11, ioOf(value)] as const),
  ...outputs.map((value) => [12, ioOf(value)] as const),
];

const nodeOf = ({ op, inputs, outputs, attributes = {} }: OnnxNode): Message => [
  ...inputs.map((input) => [1, input] as const),
  ...outputs.map((output) => [2, output] as const),
  // A node is named after what it gives.
  [3, outputs[0] as string],
  [4, op],
  ...Object.entries(attributes).map(([name, value]) => [5, attributeOf(name, value)] as const),
];

const [floatAttribute, integerAttribute, integersAttribute] = [1, 2, 7] as const;

const attributeOf = (name: string, value: number | readonly number[] | { readonly float: number }): Message => {
  if (typeof value === 'number')
    return [
      [1, name],
      [3, value],
      [20, integerAttribute],
    ];
  if ('float' in value)
    return [
      [1, name],
      [2, new Float(value.float)],
      [20, floatAttribute],
    ];
  return [[1, name], ...value.map((each) => [8, each] as const), [20, integersAttribute]];
};

const tensorOf = ({ name, shape, data }: OnnxTensor): Message => [
  ...shape.map((size) => [1, size] as const),
  [2, float32],
  [8, name],
  [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
];

const ioOf = ({ name, shape }: OnnxValue): Message => {
  const axes = shape.map(
    (size) => [1, [typeof size === 'number' ? ([1, size] as const) : ([2, size] as const)]] as const,
  );
  return [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, float32],
            [2, axes],
          ],
        ],
      ],
    ],
  ];
};
