import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend } from '../kernels/backend.ts';
import type { Tensors, tf } from '../tf.ts';
import type { GraphBuilder } from './graph.ts';

/** A graph loaded into its own TensorFlow session; variables live in it between runs. */
export class Session {
  readonly #id: number;

  constructor(graph: GraphBuilder) {
    const folder = mkdtempSync(join(tmpdir(), 'cemiflow-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), graph.toSavedModel());
      this.#id = backend().binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Feeds tensors by placeholder name and fetches nodes by name. The caller owns (and disposes) what comes back. */
  run(feeds: Tensors, fetches: readonly string[]): tf.Tensor[] {
    const owner = backend();
    const names = Object.keys(feeds);
    const ids = owner.getInputTensorIds(Object.values(feeds));
    const fetched = owner.binding.runSavedModel(this.#id, ids, names.map((n) => `${n}:0`).join(','), fetches.join(','));
    return fetched.map((native) => owner.createOutputTensor(native));
  }

  dispose(): void {
    backend().binding.deleteSavedModel(this.#id);
  }
}

/** TensorFlow's number for a tfjs dtype. */
export const dtypeNumber = (dtype: tf.DataType): number => {
  const { TF_FLOAT, TF_INT32, TF_BOOL } = backend().binding;
  if (dtype === 'float32') return TF_FLOAT;
  if (dtype === 'int32') return TF_INT32;
  if (dtype === 'bool') return TF_BOOL;
  throw new Error(`a traced step takes float32, int32 and bool tensors, got ${dtype}`);
};

/** Reads a scalar tensor. */
export const scalarOf = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;
