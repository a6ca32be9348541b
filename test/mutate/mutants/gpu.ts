import type { Mutant } from '../mutant.ts';

const cuda = ['test/bench/gpu/cuda.test.ts'];

/** Checks on a GPU that would run on the wrong library, in the wrong precision, or from damaged parts. */
export const gpuMutants: readonly Mutant[] = [
  {
    name: 'gpu/runtime-of-any-version',
    file: 'bench/gpu/cuda.ts',
    find: '/^lib(cuda|cudart|cudnn|nccl)\\./',
    replace: '/^lib(cuda|cudnn|nccl)\\./',
    breaks: "CUDA 13's runtime stands in for CUDA 12's",
    tests: cuda,
  },
  {
    name: 'gpu/oldest-version',
    file: 'bench/gpu/cuda.ts',
    find: 'versionOf(a) - versionOf(b)).at(-1)',
    replace: 'versionOf(a) - versionOf(b)).at(0)',
    breaks: 'of other versions the oldest is taken',
    tests: cuda,
  },
  {
    name: 'gpu/tf32-in-float32',
    file: 'bench/gpu/rows.ts',
    find: "precision === 'tf32' ? undefined : '0'",
    replace: "precision === 'bfloat16' ? '0' : undefined",
    breaks: 'float32 is measured with products in TF32',
    tests: ['test/bench/gpu/run.test.ts'],
  },
  {
    name: 'gpu/parts-overlap',
    file: 'bench/gpu/parts.ts',
    find: 'end: start + partBytes - 1',
    replace: 'end: start + partBytes',
    breaks: 'each part begins with the last byte of the one before',
    tests: ['test/bench/gpu/parts.test.ts'],
  },
  {
    name: 'gpu/written-at-the-end',
    file: 'bench/gpu/record.ts',
    find: 'this.steps.push(result);\n    this.#write();',
    replace: 'this.steps.push(result);',
    breaks: 'a run that is cut short leaves nothing',
    tests: ['test/bench/gpu/record.test.ts'],
  },
];
