import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { arch, cpus, hostname, platform, release } from 'node:os';
import type { Machine, TensorflowFlags } from '../core/action.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { checkPrecision } from '../core/precision.ts';
import { instructionSets } from '../nn/device/cpu.ts';
import { flagsOf, tensorflowVariables, workerThreads } from '../nn/device/flags.ts';
import { firstVisible, type Gpu, listGpus } from '../nn/device/gpu.ts';
import type { KernelChoice } from '../nn/native/library.ts';

/** How this process is set up to use TensorFlow. */
export interface TensorflowSetup {
  /** Where stages with tensors are to run. */
  readonly device: 'cpu' | 'gpu';
  readonly flags: TensorflowFlags;
  /** `CUDA_VISIBLE_DEVICES` */
  readonly visibleGpus: string | undefined;
}

/**
 * Sets this process up for TensorFlow, before any module of tensors is loaded.
 *
 * @param env the process's own variables, which are changed
 * @param threads for the work inside one op
 */
export const setUpTensorflow = (
  env: NodeJS.ProcessEnv,
  device: TensorflowSetup['device'],
  threads = workerThreads(device, cpus().length),
): TensorflowSetup => {
  Object.assign(env, tensorflowVariables(env, { device, threads }));
  return { device, flags: flagsOf(env), visibleGpus: env.CUDA_VISIBLE_DEVICES };
};

/** The machine as action records hold it. @param tensors for a stage that uses TensorFlow */
export const recordedMachine = async (tensors?: TensorflowSetup): Promise<Machine> => {
  const library = tensors && loadedTensorFlow();
  const base: Machine = {
    host: hostname(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    instructions: instructionSets(),
    cores: cpus().length,
    node: process.version,
  };
  if (!library) return base;
  const { version, device, kernels } = await runningTensorFlow();
  return {
    ...base,
    tensorflow: {
      version,
      library: await libraryDigest(library),
      device,
      flags: tensors.flags,
      kernels,
      ...(device === 'gpu' ? { gpu: await usedGpu(tensors.visibleGpus) } : {}),
    },
  };
};

/** Loads TensorFlow, where that is not done, and asks for its version, the device that it computes on, and whose kernels do it. */
export const runningTensorFlow = async (): Promise<{
  version: string;
  device: 'cpu' | 'gpu';
  kernels: KernelChoice;
}> => {
  const { backend } = await import('../nn/kernels/backend.ts');
  const { kernelChoice } = await import('../nn/native/library.ts');
  const { binding } = backend();
  return {
    version: binding.TF_Version,
    device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
    kernels: kernelChoice(),
  };
};

/** @throws CemiflowError `NoGpu` where TensorFlow finds no GPU: a run with `--device gpu` must not creep along on the CPU */
export const requireGpu = async (): Promise<void> => {
  if ((await runningTensorFlow()).device === 'gpu') return;
  throw new CemiflowError('NoGpu', 'this worker is to compute on a GPU, but TensorFlow finds none that it can use', {
    remedy: '"cemiflow doctor" says why; or run with --device cpu',
  });
};

/** @throws CemiflowError `PrecisionUnsupported` where the machine would not compute a stage in the precision of its parameters */
export const requirePrecision = async (
  { precision }: JsonObject,
  machine: () => Promise<Machine>,
  stage: string,
): Promise<void> => {
  if (precision === undefined) return;
  const { tensorflow } = await machine();
  if (!tensorflow) return;
  const { device, flags, gpu } = tensorflow;
  checkPrecision(precision, { device, tf32: flags.tf32, computeCapability: gpu?.computeCapability }, stage);
};

/** Asked once: neither name nor driver changes while the process has the GPU. */
let gpus: Promise<Gpu[]> | undefined;
const usedGpu = async (visible: string | undefined) => {
  gpus ??= listGpus();
  const {
    name = 'unknown',
    driver = 'unknown',
    computeCapability = 'unknown',
  } = firstVisible(await gpus, visible) ?? {};
  return { name, driver, computeCapability };
};

/** Path of TensorFlow's library in this process, as the kernel sees it (Linux). */
export const loadedTensorFlow = (): string | undefined => {
  if (!existsSync('/proc/self/maps')) return undefined;
  return /\/.*\/libtensorflow_cc\.so\S*/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0];
};

const digests = new Map<string, Promise<Digest>>();

/** Digest of a file, taken once in a process. */
export const libraryDigest = (file: string): Promise<Digest> => {
  const known = digests.get(file);
  if (known) return known;
  const made = (async (): Promise<Digest> => {
    const hash = createHash('sha256');
    // In pieces, so that heartbeats leave between them.
    for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk);
    return `sha256:${hash.digest('hex')}`;
  })();
  digests.set(file, made);
  return made;
};
