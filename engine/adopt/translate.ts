import { basename } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import { isNodeRef, type NodePlaces, type NodeRef, type Plan, type PlanNode } from '../../core/plan.ts';
import { type StageSchema, type StageSchemas, typedRef } from '../../schemas/stage-schemas.ts';
import { refused } from './refused.ts';

/**
 * The plan of a run as this checkout would make it: today's code, parameters as today's schemas have them, with defaults filled in
 * and without the places of folders.
 *
 * @throws CemiflowError `AdoptionRefused` where a node means nothing to this checkout
 */
export const translatePlan = (plan: Plan, schemas: StageSchemas, codes: ReadonlyMap<string, Digest>): Plan => {
  const kinds = new Map(plan.nodes.map(({ id, kind }) => [id, kind]));
  const nodes = plan.nodes.map((node): PlanNode => {
    const [schema, code] = [schemas.get(node.kind), codes.get(node.kind)];
    if (!schema || !code) throw refused(`${node.id}: this checkout has no stage kind ${node.kind}`);
    const { params, places } = translateParams(node, schema, (id) => schemas.get(kinds.get(id) ?? ''));
    const { resource, sharded, outputs } = schema;
    return { ...node, params, code, resource, sharded, outputs, ...(places && { places }) };
  });
  return { ...plan, nodes };
};

const translateParams = (
  { id, params, places }: PlanNode,
  schema: StageSchema,
  schemaOf: (id: string) => StageSchema | undefined,
): { readonly params: JsonObject; readonly places?: NodePlaces } => {
  const fresh = typed(params, schemaOf) as JsonObject;
  const { contentOf } = schema;
  const path = contentOf === undefined ? undefined : fresh[contentOf];
  if (contentOf !== undefined) delete fresh[contentOf];
  if (!schema.validateAction(fresh)) {
    const faults = (schema.validateAction.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
    throw refused(`${id}: its parameters do not fit today's schema of ${schema.kind}: ${faults.join('; ')}`);
  }
  // Keys held the folder's path once.
  if (contentOf === undefined || typeof path !== 'string') return { params: fresh, ...(places && { places }) };
  return { params: fresh, places: { [contentOf]: { path, written: basename(path) } } };
};

/** A copy in which schemas know the type of each reference. */
const typed = (value: Json, schemaOf: (id: string) => StageSchema | undefined): Json => {
  if (isNodeRef(value)) {
    const type = schemaOf(value.$node)?.outputs[value.$output];
    const copy: NodeRef = { $node: value.$node, $output: value.$output };
    // The very object is known by its type: no copy of it would be.
    return (type ? typedRef(copy, type) : copy) as unknown as JsonObject;
  }
  if (Array.isArray(value)) return value.map((item) => typed(item, schemaOf));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typed(item, schemaOf)]));
};
