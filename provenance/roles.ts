import type { ActionRecord } from '../core/action.ts';
import { type ArtifactRef, artifactRefsIn } from '../core/artifact.ts';
import { isDigest } from '../core/digest.ts';
import type { Json } from '../core/errors.ts';
import type { MadeNode } from '../core/lineage.ts';
import { isNodeRef, type PlanNode } from '../core/plan.ts';
import { isOwnKind } from '../core/stage.ts';
import type { InputUse, KindFacts, Measure } from '../schemas/roles.ts';
import { factsOfKind } from '../schemas/stage-schemas.ts';

/** What the kind of a node is to provenance; `unknown` for kinds that this checkout does not have. */
export const roleOf = ({ record }: Pick<MadeNode, 'record'>): KindFacts['role'] => factsOfKind(record.action.kind).role;

/** Whether a node is an evaluation of this sort. */
export const isMeasuring = ({ record }: Pick<MadeNode, 'record'>, measure: Measure): boolean =>
  factsOfKind(record.action.kind).measures === measure;

/** Whether a chain may end in a node: what it made is raw data. */
export const isRaw = ({ record }: Pick<MadeNode, 'record'>): boolean => factsOfKind(record.action.kind).raw;

/** Ids of the nodes that a node took something from for this use. */
export const nodesUsedAs = ({ kind, params }: PlanNode, use: InputUse): string[] => [
  ...new Set(parametersFor(kind, use).flatMap((name) => nodesIn(params[name] ?? null))),
];

/** Artifacts that an action took for this use. */
export const artifactsUsedAs = ({ record: { action } }: Pick<MadeNode, 'record'>, use: InputUse): ArtifactRef[] =>
  parametersFor(action.kind, use).flatMap((name) => artifactRefsIn(action.params[name] ?? null));

/** The code of a program of a user's own, which is kept. */
export const programCode = ({ action: { kind, params } }: ActionRecord): ArtifactRef | undefined =>
  factsOfKind(kind).role === 'foreign' && !isOwnKind(kind) && isDigest(params.content)
    ? { type: 'files', digest: params.content }
    : undefined;

const parametersFor = (kind: string, use: InputUse): string[] =>
  Object.entries(factsOfKind(kind).inputs).flatMap(([name, each]) => (each === use ? [name] : []));

const nodesIn = (value: Json): string[] => {
  if (isNodeRef(value)) return [value.$node];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(nodesIn) : [];
};
