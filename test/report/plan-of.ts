import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { isDigest } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { Plan, PlanNode } from '../../core/plan.ts';
import { node } from '../workflows/harness.ts';

/** A run whose report reads these artifacts: a node for each of them, and what it made. */
export interface ReportedRun {
  readonly run: string;
  readonly plan: Plan;
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/**
 * Params of a report with artifacts, as the plan of a run that makes them. A node is called after the place where its artifact
 * is named first: `accuracy-0-metrics`, or `accuracy-2-metrics[m=0.5]` in a list over m.
 */
export const runOf = (params: JsonObject): ReportedRun => {
  const nodes: PlanNode[] = [];
  const outputs = new Map<string, Outputs>();
  const made = new Map<string, string>();
  const nodeOf = (ref: ArtifactRef, stage: string, matrix: JsonObject): Json => {
    const point = Object.entries(matrix).map(([axis, value]) => `${axis}=${value}`);
    const id = made.get(ref.digest) ?? (point.length > 0 ? `${stage}[${point.join(',')}]` : stage);
    if (!made.has(ref.digest)) {
      made.set(ref.digest, id);
      nodes.push(node(id, 'test/made', {}, { stage, matrix, outputs: { out: ref.type } }));
      outputs.set(id, { out: ref });
    }
    return { $node: id, $output: 'out' };
  };
  const planned = (value: Json, place: readonly (string | number)[], matrix: JsonObject = {}): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((item, i) => planned(item, [...place, i]));
    if (isDigest(value.digest)) return nodeOf(value as unknown as ArtifactRef, place.join('-'), matrix);
    if (value.matrix && value.artifact) {
      const point = value.matrix as JsonObject;
      return { matrix: point, artifact: planned(value.artifact, place.slice(0, -1), point) };
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, planned(item, [...place, key])]));
  };
  const own = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, planned(value, [name])]));
  const report = node('report', 'report/build', own, { outputs: { report: 'report' } });
  return { run: 'tiny-0123456789ab', plan: { experiment: 'tiny', nodes: [...nodes, report] }, outputs };
};

/** What a run has made when it has made these nodes alone. */
export const only = ({ outputs }: ReportedRun, wanted: (id: string) => boolean): Map<string, Outputs> =>
  new Map([...outputs].filter(([id]) => wanted(id)));
