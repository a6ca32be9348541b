import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { kernelFile } from '../../setup/kernel-file.mjs';
import { backend } from '../kernels/backend.ts';

const require = createRequire(import.meta.url);

/** How norms, activations and convolutions are computed: by our own C++ kernels, or composed of TensorFlow's ops. */
export type KernelChoice = 'native' | 'composed';

/** Named one by one, so that they belong to the code of every stage that computes with them. */
export const sources = [
  new URL('./batch-norm-ops.h', import.meta.url),
  new URL('./batch-norm.h', import.meta.url),
  new URL('./blocks.h', import.meta.url),
  new URL('./channels.h', import.meta.url),
  new URL('./conv-ops.h', import.meta.url),
  new URL('./conv3x3-plan.h', import.meta.url),
  new URL('./conv3x3-types.h', import.meta.url),
  new URL('./conv3x3-weight-gradient.h', import.meta.url),
  new URL('./conv3x3-workers.h', import.meta.url),
  new URL('./conv3x3.h', import.meta.url),
  new URL('./group-norm.h', import.meta.url),
  new URL('./norm-ops.h', import.meta.url),
  new URL('./numbers.h', import.meta.url),
  new URL('./ops.cc', import.meta.url),
  new URL('./parallel.h', import.meta.url),
  new URL('./sample-ops.h', import.meta.url),
  new URL('./samples.h', import.meta.url),
  new URL('./tensorflow-ops.h', import.meta.url),
  new URL('./vectors.h', import.meta.url),
  new URL('./winograd-product.h', import.meta.url),
  new URL('./winograd-strided.h', import.meta.url),
  new URL('./winograd-tiles.h', import.meta.url),
  new URL('./winograd-transforms.h', import.meta.url),
];

let chosen: KernelChoice | undefined;

/**
 * Which kernels this process uses; the library is loaded with the first question. Composed: on a GPU, where `CEMIFLOW_KERNELS`
 * says so, and where set-up has no library of these very sources for this processor.
 */
export const kernelChoice = (): KernelChoice => {
  chosen ??= load() ? 'native' : 'composed';
  return chosen;
};

const load = (): boolean => {
  if (process.env.CEMIFLOW_KERNELS === 'composed' || backend().binding.isUsingGpuDevice()) return false;
  const packages = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  const file = kernelFile(packages, join(import.meta.dirname, '..', '..'));
  if (!existsSync(file)) return false;
  // Registers the ops with TensorFlow, which the addon has loaded before.
  require(file);
  return true;
};
