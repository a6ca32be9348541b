import { describe, expect, it } from 'vitest';
import type { CemiflowError } from '../../core/errors.ts';
import { type ComputePlace, checkPrecision } from '../../core/precision.ts';

const cpu: ComputePlace = { device: 'cpu', tf32: false };
const gpu = (tf32: boolean, computeCapability?: string): ComputePlace => ({ device: 'gpu', tf32, computeCapability });

const refusal = (precision: string, place: ComputePlace): CemiflowError | undefined => {
  try {
    checkPrecision(precision, place, 'teacher');
    return undefined;
  } catch (error) {
    return error as CemiflowError;
  }
};

describe('a precision', () => {
  it.each<[string, ComputePlace]>([
    ['float32', cpu],
    ['bfloat16', cpu],
    // On CPUs the flag is of no effect.
    ['float32', { ...cpu, tf32: true }],
    ['float32', gpu(false)],
    ['bfloat16', gpu(false)],
    ['float16', gpu(false, '7.5')],
    ['tf32', gpu(true, '8.0')],
    ['tf32', gpu(true, '12.1')],
    ['tf32', gpu(true, 'unknown')],
  ])('%s is computed where the machine can do what it says: %o', (precision, place) => {
    expect(refusal(precision, place)).toBeUndefined();
  });

  it.each<[string, ComputePlace, RegExp, RegExp]>([
    ['float16', cpu, /computed on the CPU/, /use bfloat16, or run with --device gpu/],
    ['tf32', cpu, /CPUs do not have/, /use float32 or bfloat16, or run with --device gpu/],
    ['tf32', gpu(false, '8.0'), /in full/, /CEMIFLOW_TF32=1/],
    ['tf32', gpu(true, '7.5'), /compute capability 7\.5/, /float32/],
    // Exact products of mixed precision are float32 as well.
    ['float32', gpu(true, '8.0'), /may round float32/, /without CEMIFLOW_TF32/],
    ['bfloat16', gpu(true, '8.0'), /may round float32/, /without CEMIFLOW_TF32/],
    ['float16', gpu(true, '8.0'), /may round float32/, /without CEMIFLOW_TF32/],
  ])('%s is refused elsewhere, with stage and remedy: %o', (precision, place, message, remedy) => {
    expect(refusal(precision, place)).toMatchObject({
      code: 'PrecisionUnsupported',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
      data: { stage: 'teacher', precision, device: place.device },
      retryable: false,
    });
    expect(refusal(precision, place)?.message).toMatch(/^teacher has precision/);
  });

  it('that a stage does not have says nothing', () => {
    expect(() => checkPrecision(undefined, gpu(true), 'faces')).not.toThrow();
  });
});
