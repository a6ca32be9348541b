import { CemiflowError } from '../../core/errors.ts';
import { tf } from '../tf.ts';

/** An attribute of a TensorFlow op, as the native binding takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that the binding made: its handle, shape and TensorFlow dtype number. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The calls of the native addon that every kernel of tfjs-node goes through. */
export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
  executeOp(name: string, attributes: OpAttribute[], inputIds: number[], outputs: number): NativeTensor[];
  createTensor(shape: number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(path: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputIds: number[], inputs: string, outputs: string): NativeTensor[];
  isUsingGpuDevice(): boolean;
}

interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
  createOutputTensor(native: NativeTensor): tf.Tensor;
}

/** TensorFlow's backend; the pure JavaScript one would be a hundred times slower without a word. */
export const backend = (): NodeBackend => {
  if (tf.getBackend() !== 'tensorflow') {
    throw new CemiflowError('NoTensorFlow', `the TensorFlow backend is required, got '${tf.getBackend()}'`, {
      remedy: 'run "node setup.mjs", which builds the native addon',
    });
  }
  return tf.backend() as unknown as NodeBackend;
};

/** Runs one TensorFlow op with one output. Not differentiable by itself: callers give a gradient with `tf.customGrad`. */
export const op = (name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor =>
  backend().executeSingleOutput(name, attributes, inputs);

/** Runs one TensorFlow op with several outputs. */
export const opMany = (name: string, attributes: OpAttribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[] =>
  backend().executeMultipleOutputs(name, attributes, inputs, outputs);

/** Attributes by type, so that call sites read as the op's definition does. */
export const attribute = {
  int: (name: string, value: number | number[]): OpAttribute => ({ name, type: backend().binding.TF_ATTR_INT, value }),
  float: (name: string, value: number): OpAttribute => ({ name, type: backend().binding.TF_ATTR_FLOAT, value }),
  bool: (name: string, value: boolean): OpAttribute => ({ name, type: backend().binding.TF_ATTR_BOOL, value }),
  string: (name: string, value: string): OpAttribute => ({ name, type: backend().binding.TF_ATTR_STRING, value }),
  float32: (name: string): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_TYPE,
    value: backend().binding.TF_FLOAT,
  }),
  int32: (name: string): OpAttribute => ({
    name,
    type: backend().binding.TF_ATTR_TYPE,
    value: backend().binding.TF_INT32,
  }),
};
