import { CemiflowError } from '../../core/errors.ts';
import { mean } from '../statistics.ts';
import { judgements, type PairScores } from '../verification.ts';

/** Scores of one recognizer, by verification set. */
export type ScoredSets = { readonly [set: string]: PairScores };

/** One verification set as all recognizers judged it. */
export interface GradedSet {
  readonly pairs: number;
  /** Accuracy of each recognizer in each of its runs: mean over folds, 0 … 1. */
  readonly runs: readonly (readonly number[])[];
  /** Accuracy of each recognizer in each fold, mean over its runs. */
  readonly folds: readonly (readonly number[])[];
  /** What each pair adds to the recognizers' accuracies, by place in `gains`: few ways for many pairs. */
  readonly wayOf: Uint32Array;
  /** For each recognizer float64 [ways] */
  readonly gains: readonly Float64Array[];
}

/** @param recognizers each with its runs @throws CemiflowError `PairsDiffer` where they were not scored on the same pairs */
export const gradedSets = (recognizers: readonly (readonly ScoredSets[])[]): GradedSet[] => {
  const all = recognizers.flat();
  const names = Object.keys(all[0] ?? {}).sort();
  for (const scored of all) if (String(Object.keys(scored).sort()) !== String(names)) throw setsDiffer(names);
  return names.map((name) => {
    const runs = recognizers.map((each) => each.map((scored) => scored[name] as PairScores));
    const [first] = runs.flat() as [PairScores];
    const alike = runs.flat().every(({ same, fold }) => equal(same, first.same) && equal(fold, first.fold));
    if (!alike) throw pairsDiffer(name);
    return gradedSet(runs, first);
  });
};

const gradedSet = (runs: readonly (readonly PairScores[])[], { fold }: PairScores): GradedSet => {
  const judged = runs.map((each) => each.map(judgements));
  const graded = judged.map(meanOfRuns);
  const sizes = new Map<number, number>();
  for (const f of fold) sizes.set(f, (sizes.get(f) ?? 0) + 1);
  // The mean over pairs is then that over folds, in which folds count alike.
  const weights = Float64Array.from(fold, (f) => fold.length / sizes.size / (sizes.get(f) as number));
  const weighted = (right: ArrayLike<number>): Float64Array =>
    weights.map((weight, pair) => weight * (right[pair] as number));
  const gains = graded.map(weighted);
  const ways = new Map<string, { readonly place: number; readonly pair: number }>();
  const wayOf = Uint32Array.from(fold, (_, pair) => {
    const own = gains.map((gain) => gain[pair]).join();
    const way = ways.get(own) ?? { place: ways.size, pair };
    ways.set(own, way);
    return way.place;
  });
  const examples = [...ways.values()].map(({ pair }) => pair);
  const foldsOf = (right: ArrayLike<number>): number[] => {
    const sums = new Map([...sizes.keys()].map((f) => [f, 0]));
    fold.forEach((f, pair) => {
      sums.set(f, (sums.get(f) as number) + (right[pair] as number));
    });
    return [...sums].map(([f, sum]) => sum / (sizes.get(f) as number));
  };
  return {
    pairs: fold.length,
    runs: judged.map((each) => each.map((right) => mean(weighted(right)))),
    folds: graded.map(foldsOf),
    wayOf,
    gains: gains.map((gain) => Float64Array.from(examples, (pair) => gain[pair] as number)),
  };
};

const meanOfRuns = (judged: readonly Uint8Array[]): Float64Array =>
  Float64Array.from(judged[0] as Uint8Array, (_, pair) => mean(judged.map((right) => right[pair] as number)));

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);

const remedy = 'evaluate all of them on the same benchmarks';

const pairsDiffer = (set: string): CemiflowError =>
  new CemiflowError('PairsDiffer', `the recognizers were not scored on the same pairs of ${set}`, {
    remedy,
    data: { set },
  });

const setsDiffer = (sets: string[]): CemiflowError =>
  new CemiflowError('PairsDiffer', `the recognizers were not all scored on ${sets.join(', ')}, and on no other set`, {
    remedy,
    data: { sets },
  });
