import type { ArtifactRef } from '../core/artifact.ts';
import { canonicalJson } from '../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { readMetricsOf } from './codecs/metrics.ts';
import type { SelectionMetrics } from './codecs/metrics-kinds.ts';
import { verificationKind } from './codecs/metrics-verification.ts';

/** An artifact of a matrix, with its point. */
export interface Candidate {
  readonly matrix: JsonObject;
  readonly artifact: ArtifactRef;
}

/**
 * The candidate by which verification is best, the first of equals. The accuracy of a candidate is the mean over the metrics at its point:
 * their matrix may have further axes, such as the seeds of several trainings.
 *
 * @param by a set's name, or average @throws CemiflowError `SelectionInvalid`
 */
export const chooseBest = async (
  candidates: readonly Candidate[],
  metrics: readonly Candidate[],
  by: string,
  store: ArtifactStore,
): Promise<{ readonly best: ArtifactRef; readonly choice: SelectionMetrics }> => {
  const measured: (Candidate & { readonly value: number })[] = [];
  for (const { matrix, artifact } of candidates) {
    const own = metrics.filter((each) => isAt(each.matrix, matrix));
    if (own.length === 0) throw unmatched(matrix);
    let sum = 0;
    for (const each of own) sum += await accuracyIn(store, each.artifact, by);
    measured.push({ matrix, artifact, value: sum / own.length });
  }
  const [first] = measured;
  if (!first) throw unmatched({});
  const best = measured.reduce((top, each) => (each.value > top.value ? each : top), first);
  return {
    best: best.artifact,
    choice: {
      kind: 'selection',
      ...{ by, chosen: best.matrix },
      candidates: measured.map(({ matrix, value }) => ({ matrix, value })),
    },
  };
};

/** Whether a point has every value of another. */
const isAt = (point: JsonObject, of: JsonObject): boolean =>
  Object.entries(of).every(([axis, value]) => canonicalJson(point[axis] ?? null) === canonicalJson(value));

const accuracyIn = async (store: ArtifactStore, ref: ArtifactRef, by: string): Promise<number> => {
  const { average, sets } = await readMetricsOf(store, ref, verificationKind);
  const value = by === 'average' ? average : sets[by]?.accuracy;
  if (typeof value === 'number') return value;
  throw new CemiflowError('SelectionInvalid', `metrics ${ref.digest} hold no accuracy of ${by}`, {
    remedy: `name average or one of ${Object.keys(sets).join(', ')}`,
    data: { by, metrics: ref.digest },
  });
};

const unmatched = (matrix: JsonObject): CemiflowError =>
  new CemiflowError('SelectionInvalid', `the candidate at ${canonicalJson(matrix)} has no metrics`, {
    remedy: 'give candidates, and metrics of stages over the same matrix',
    data: { matrix },
  });
