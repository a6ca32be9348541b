import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureEnvironment } from '../../bench/peers.ts';

const folder = join(import.meta.dirname, '../client/onnx');

/** What `onnxruntime` says and makes of a file that `onnx.checker` has accepted. */
export interface OnnxRun {
  readonly input: readonly [name: string, shape: readonly (string | number)[]];
  readonly output: readonly [name: string, shape: readonly (string | number)[]];
  readonly metadata: { readonly [key: string]: string };
  /** The output for all images at once. */
  readonly all: readonly (readonly number[])[];
  /** The output for the first image alone. */
  readonly first: readonly (readonly number[])[];
}

/** Runs an ONNX file in Python. The packages are installed once, in the cache folder. @param images path of float32 values, NCHW */
export const runOnnx = async (file: string, images: string): Promise<OnnxRun> => {
  const requirements = join(folder, 'requirements.txt');
  const { python } = await ensureEnvironment({ name: 'onnx', requirements }, { env: process.env, note: () => {} });
  const { stdout } = await promisify(execFile)(python, [join(folder, 'run.py'), file, images], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
};
