import type { Benchmark } from './benchmark.ts';

/** Every file of benchmarks. Loading one starts nothing, and loads no TensorFlow. */
const modules: readonly (() => Promise<{ readonly benchmarks: readonly Benchmark[] }>)[] = [
  () => import('./store.ts'),
  () => import('./noop.ts'),
  () => import('./actions.ts'),
  () => import('./checkpoint.ts'),
  () => import('./data/index.ts'),
  () => import('./tensors/index.ts'),
];

export const loadBenchmarks = async (): Promise<readonly Benchmark[]> => {
  const loaded = await Promise.all(modules.map((load) => load()));
  return loaded.flatMap(({ benchmarks }) => benchmarks);
};
