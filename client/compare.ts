import { verificationKind } from '../artifacts/codecs/metrics-verification.ts';
import { CemiflowError } from '../core/errors.ts';
import { suggest } from '../core/nearest.ts';
import { type Comparison, compareVerifications, type Verified } from '../provenance/compare/index.ts';
import { outputsOf } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { findRun } from './runs.ts';

export interface CompareOptions {
  readonly by?: readonly string[];
  readonly from?: string;
  /** Verifications of these stages alone. */
  readonly stages?: readonly string[];
}

/**
 * Compares the verifications that runs have made, also of runs that are under way.
 *
 * @throws CemiflowError `UnknownRun`, `UnknownNode` for a stage, `ComparisonInvalid`
 */
export const compareRuns = async (
  names: readonly string[],
  { stages = [], ...how }: CompareOptions,
  caller: Caller,
): Promise<Comparison> => {
  const store = await connectStore(caller);
  const found: Verified[] = [];
  for (const name of names) {
    const run = await findRun(store, name);
    const outputs = await outputsOf(store, run);
    for (const { id, stage, matrix } of run.plan.nodes)
      for (const artifact of Object.values(outputs.get(id) ?? {})) {
        if (artifact.type !== 'metrics') continue;
        const { meta } = await store.getArtifact(artifact);
        if (meta.kind !== verificationKind.kind) continue;
        const point = matrix as Verified['matrix'];
        found.push({ run: run.id, experiment: run.plan.experiment, stage, node: id, matrix: point, artifact });
      }
  }
  for (const wanted of stages) {
    if (found.some(({ stage }) => stage === wanted)) continue;
    const known = [...new Set(found.map(({ stage }) => stage))];
    throw new CemiflowError('UnknownNode', `no stage "${wanted}" has verified anything`, {
      remedy: suggest(wanted, known, 'stages that have'),
      data: { stage: wanted },
    });
  }
  const chosen = stages.length === 0 ? found : found.filter(({ stage }) => stages.includes(stage));
  return compareVerifications(chosen, store, how);
};
