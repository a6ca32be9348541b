import { benchmarkSets } from '../../artifacts/benchmarks.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageContext } from '../../core/stage.ts';
import { type Benchmark, loadBenchmark } from '../../data/benchmarks.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { mean } from '../../metrics/statistics.ts';
import { pairDistances, verify } from '../../metrics/verification.ts';
import type { Precision, PrecisionOption } from '../../nn/compile/precision.ts';
import { withPrefix } from '../../nn/gradients.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import type { Tensors } from '../../nn/tf.ts';
import { type InputContext, loading } from '../../training/input.ts';
import { Embedder } from '../../training/recognizer.ts';
import type { Validation } from '../../training/validation.ts';

/** How `recognizer/train` is validated: its parameters of these names. */
export interface ValidationParams extends PrecisionOption {
  readonly validation?: ArtifactRef;
  /** In epochs. */
  readonly validateEvery: number;
  readonly keep: 'last' | 'best';
}

/** Verification sets in memory, on which a recognizer is tried out while it trains. */
export interface ValidationSets {
  readonly sets: readonly (readonly [name: string, benchmark: Benchmark])[];
  /** Threads that make batches of these images: those of the training make augmented ones. */
  readonly input: InputContext<CopyRecipe>;
}

/** @throws CemiflowError `ValidationMissing` where the best epoch, or a plateau, is asked for, and nothing says which is best */
export const requireValidation = ({
  validation,
  keep,
  plateau,
}: Pick<ValidationParams, 'validation' | 'keep'> & { readonly plateau: unknown }): void => {
  if (validation || (keep === 'last' && !plateau)) return;
  const what = plateau
    ? 'plateau needs verification sets that the rate follows'
    : 'keep: best needs verification sets to choose the epoch by';
  throw new CemiflowError('ValidationMissing', what, {
    remedy: 'give validation an output of data/benchmarks with people who are in no test set, or keep: last',
  });
};

/** Loads all sets of the benchmarks. @throws CemiflowError as `loadBenchmark`, `SizeMismatch` */
export const loadValidation = async (
  input: InputContext<CopyRecipe>,
  benchmarks: ArtifactRef,
): Promise<ValidationSets> => {
  const sets: [string, Benchmark][] = [];
  for (const name of await benchmarkSets(input.store, benchmarks))
    sets.push([name, await loadBenchmark(input.store, benchmarks, name, loading(input, `load ${name}`))]);
  return { sets, input };
};

/**
 * Accuracy of a recognizer in training as `evaluate/verification` measures it: with running statistics and without dropout,
 * image and mirror image, mean over the sets.
 */
const accuracyOf = async (
  state: Tensors,
  config: RecognizerConfig,
  { sets, input }: ValidationSets,
  precision: Precision,
): Promise<number> => {
  const all = { ...withPrefix(state, 'w'), ...withPrefix(state, 'stats') };
  const weights = Object.fromEntries(
    recognizerParameters(config).map(({ name }) => [name, all[name] as Tensors[string]]),
  );
  const embedder = new Embedder({ config, weights }, { view: 'both', precision });
  try {
    const accuracies: number[] = [];
    for (const [name, { images, left, right, same, fold }] of sets) {
      const embeddings = await embedder.embed(images, input, { phase: `validate ${name}` });
      accuracies.push(verify({ distance: pairDistances(embeddings, embedder.size, left, right), same, fold }).accuracy);
    }
    return mean(accuracies);
  } finally {
    embedder.dispose();
  }
};

/** Validates every so many epochs, and after the last one. */
export const validationOf = (
  { validateEvery, keep, precision }: ValidationParams,
  { steps, stepsPerEpoch }: { readonly steps: number; readonly stepsPerEpoch: number },
  config: RecognizerConfig,
  sets: ValidationSets,
  { log }: Pick<StageContext, 'log'>,
): Validation => ({
  keep,
  due: (done) => done === steps || (done > 0 && done % (stepsPerEpoch * validateEvery) === 0),
  judge: async (state, done) => {
    const accuracy = await accuracyOf(state, config, sets, precision);
    log(`validation after epoch ${done / stepsPerEpoch}: accuracy ${(100 * accuracy).toFixed(2)} %`);
    return accuracy;
  },
});
