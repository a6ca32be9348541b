import { existsSync, readFileSync } from 'node:fs';

/** What oneDNN and TensorFlow choose their kernels by, so that it can change the last digits of a result. */
const named =
  /^(sse4_2|avx|avx2|fma|f16c|avx_vnni|avx512(f|bw|vl|_vnni|_bf16|_fp16)|amx_(tile|int8|bf16|fp16)|asimd(dp|hp)?|sve2?|bf16|i8mm)$/;

/** The CPU's instruction sets that matter here, by Linux's names; empty where they cannot be read. */
export const instructionSets = (file = '/proc/cpuinfo'): string[] => {
  if (!existsSync(file)) return [];
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  return flags.split(' ').filter((flag) => named.test(flag));
};
