import { backend, type OpAttribute } from '../../nn/kernels/backend.ts';
import { tf } from '../../nn/tf.ts';

/**
 * Multiplications of the convolutions and matrix products that TensorFlow is in fact given while `body` runs: counted from the shapes
 * of what each op takes and gives, without looking at any layout.
 */
export const measuredMultiplications = (body: () => tf.Tensor | tf.Tensor[]): number => {
  const native = backend();
  const execute = native.executeSingleOutput;
  let sum = 0;
  native.executeSingleOutput = (name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor => {
    const output = execute.call(native, name, attributes, inputs);
    sum += ofOp(
      name,
      inputs.map(({ shape }) => shape),
      output.shape,
    );
    return output;
  };
  try {
    tf.dispose(tf.tidy(body));
  } finally {
    native.executeSingleOutput = execute;
  }
  return sum;
};

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const ofOp = (name: string, inputs: number[][], output: number[]): number => {
  const [first, second] = inputs as [number[], number[]];
  switch (name) {
    // Our own kernel for the same product, which saves some of the multiplications.
    case 'CemiflowConv3x3':
    case 'Conv2D':
      return size(output) * size(second.slice(0, 3));
    case 'Conv2DBackpropInput': {
      // Laid over each position of what it spreads: [k, k, out, in] times the channels that come in.
      const spread = inputs[2] as number[];
      return size(spread) * size(second.slice(0, 3));
    }
    case 'MatMul':
    case 'BatchMatMul':
    case 'BatchMatMulV2': {
      // What is summed over is in both factors and not in the product.
      const squared = (size(first) * size(second)) / size(output);
      const batch = size(output.slice(0, -2));
      return size(output) * Math.sqrt(squared / batch);
    }
    default:
      if (/Conv|MatMul|Winograd/i.test(name)) throw new Error(`cannot count ${name}`);
      return 0;
  }
};
