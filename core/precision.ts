import { CemiflowError, type Json } from './errors.ts';

/** What computes a stage, as far as precisions depend on it. */
export interface ComputePlace {
  readonly device: 'cpu' | 'gpu';
  /** Whether the process may round the operands of float32 products to TF32. */
  readonly tf32: boolean;
  /** Of the GPU: `9.0`, or `unknown`. */
  readonly computeCapability?: string;
}

/**
 * Refuses a precision that this place would not compute as the key says.
 *
 * TensorFlow keeps the kernels that it chose for convolutions without asking again whether TF32 is allowed, so it is allowed
 * for a whole process or not at all: one that may use it computes nothing but `tf32`.
 *
 * @param precision of a stage's parameters; undefined where it has none
 * @param stage its id, for the message
 * @throws CemiflowError `PrecisionUnsupported`
 */
export const checkPrecision = (precision: Json | undefined, place: ComputePlace, stage: string): void => {
  if (typeof precision !== 'string') return;
  const { device, tf32, computeCapability = 'unknown' } = place;
  const refuse = (why: string, remedy: string): never => {
    throw new CemiflowError('PrecisionUnsupported', `${stage} has precision ${precision}, ${why}`, {
      remedy,
      data: { stage, precision, device, tf32, computeCapability },
    });
  };
  if (device === 'cpu') {
    if (precision === 'float16')
      refuse('which is for GPUs, and would be computed on the CPU', 'use bfloat16, or run with --device gpu');
    if (precision === 'tf32') refuse('which CPUs do not have', 'use float32 or bfloat16, or run with --device gpu');
    return;
  }
  if (precision === 'tf32' && !tf32)
    refuse(
      'and this worker computes float32 products in full',
      'run "cemiflow down", and start again with CEMIFLOW_TF32=1 and without NVIDIA_TF32_OVERRIDE; such workers compute tf32 alone',
    );
  if (precision === 'tf32' && Number.parseInt(computeCapability, 10) < 8)
    refuse(`and a GPU of compute capability ${computeCapability} lacks TF32`, 'use float32, or float16');
  if (precision !== 'tf32' && tf32)
    refuse('and this worker may round float32 to TF32', 'run "cemiflow down", and start again without CEMIFLOW_TF32');
};
