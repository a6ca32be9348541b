import type { TensorflowFlags } from '../../core/action.ts';

type Device = 'cpu' | 'gpu';

type Variables = { readonly [name: string]: string | undefined };

/**
 * The variables that TensorFlow and CUDA read when the library is loaded, so they are set before any module of tensors is.
 * Results must not depend on what the user's shell holds: what changes them is fixed here, or else recorded (`flagsOf`).
 *
 * @param env the process's own variables: some of them win, as `docs/cli.md` says
 * @param device on `cpu` the GPUs of the machine are hidden; on `gpu` those of `CUDA_VISIBLE_DEVICES` are seen
 * @param threads for the work inside one op, unless `CEMIFLOW_THREADS` says otherwise
 * @returns what to set, by name
 */
export const tensorflowVariables = (
  env: Variables,
  { device, threads, arch = process.arch }: { device: Device; threads: number; arch?: string },
): { [name: string]: string } => {
  const inOp = Number(env.CEMIFLOW_THREADS) || threads;
  return {
    TF_CPP_MIN_LOG_LEVEL: env.TF_CPP_MIN_LOG_LEVEL ?? '2',
    TF_DETERMINISTIC_OPS: '1',
    TF_NUM_INTRAOP_THREADS: String(inOp),
    // Two ops at a time: a tenth faster where ops are small, and the same bits, since each op is cut by its own threads alone.
    // With one thread a tenth slower.
    TF_NUM_INTEROP_THREADS: env.TF_NUM_INTEROP_THREADS ?? (inOp > 1 ? '2' : '1'),
    TF_FORCE_GPU_ALLOW_GROWTH: env.TF_FORCE_GPU_ALLOW_GROWTH ?? 'true',
    // TensorFlow would decide by the CPU's instructions, and say so only in its log.
    ...(arch === 'x64' ? { TF_ENABLE_ONEDNN_OPTS: env.TF_ENABLE_ONEDNN_OPTS ?? '1' } : {}),
    // GPUs in the order of nvidia-smi, so that a number means the same one to both.
    CUDA_DEVICE_ORDER: env.CUDA_DEVICE_ORDER ?? 'PCI_BUS_ID',
    // TensorFlow would round the operands of float32 products to TF32 on GPUs that have it.
    ...(env.CEMIFLOW_TF32 === '1' ? {} : { NVIDIA_TF32_OVERRIDE: '0' }),
    ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
};

/**
 * Threads of a worker. Two CPU workers share a machine unless a command asks for other numbers, so each has half of the cores: with all
 * of them in both, threads that wait for the other's take a third of the time of small networks. A number of its own, since workers that
 * join and leave must not change the last digits of results.
 */
export const workerThreads = (device: Device, cores: number): number =>
  device === 'cpu' ? Math.max(1, Math.floor(cores / 2)) : cores;

/** What the variables of a process mean for numbers and speed, as records and `cemiflow doctor` state it. */
export const flagsOf = (variables: Variables): TensorflowFlags => ({
  deterministicOps: switchOf(variables.TF_DETERMINISTIC_OPS, false),
  // TensorFlow allows it from the start; the CUDA libraries forbid it by this variable.
  tf32: variables.NVIDIA_TF32_OVERRIDE !== '0',
  xla: [variables.TF_XLA_FLAGS, variables.XLA_FLAGS].filter(Boolean).join(' ') || 'off',
  oneDnn: switchOf(variables.TF_ENABLE_ONEDNN_OPTS, 'unknown'),
  intraOpThreads: Number(variables.TF_NUM_INTRAOP_THREADS) || 'unknown',
  interOpThreads: Number(variables.TF_NUM_INTEROP_THREADS) || 'unknown',
});

/** TensorFlow's reading of a switch: 1 or true, 0 or false. */
const switchOf = <T>(value: string | undefined, otherwise: T): boolean | T => {
  if (value === '1' || value?.toLowerCase() === 'true') return true;
  if (value === '0' || value?.toLowerCase() === 'false') return false;
  return otherwise;
};
