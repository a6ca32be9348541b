import { isJsonObject, type Json, type JsonObject } from '../core/errors.ts';
import type { Matrix } from '../core/expand.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import { placeOfAxis } from './matrix.ts';
import { seedAxis } from './seed-axis.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate, referencesIn } from './values.ts';
import { describe, type Located } from './yaml.ts';

/** What `seeds` asks for; empty where the spec has none, or has a mistake there. */
export const seedsOf = (expanding: Expanding, node: Located | undefined): number[] => {
  if (node === undefined) return [];
  const { problems } = expanding.spec;
  const values = evaluate(node, scopeOf(expanding, 'seeds'));
  if (expanding.failed.has(node) || problems.has(node)) return [];
  const fits = (value: Json): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  const origin = expanding.params.originOf(node);
  if (Array.isArray(values) && values.length > 0 && values.every(fits) && new Set(values).size === values.length)
    return values;
  const message = `seeds must be a list of different integers of at least 0, got ${describe(origin)}`;
  problems.add(origin, message, 'write seeds: [1, 2, 3]');
  return [];
};

/**
 * The stages that are made once for each of `seeds`: those that name no seed of their own, and all that take something from them.
 * The report is made once.
 *
 * @param axisValues the values of a stage's axis, which may name stages
 */
export const repeatedStages = (
  stages: readonly StageDeclaration[],
  axisValues: (stage: string, axis: string) => readonly Json[],
): Set<string> => {
  const others = stages.filter(({ withPath }) => withPath !== 'report');
  const needs = new Map(
    others.map((stage) => [
      stage.name,
      [stage.with, stage.seed]
        .flatMap((tree) => (tree ? referencesIn(tree) : []))
        .flatMap((reference) => {
          if (reference.to !== 'stages') return [];
          const { stage: named } = reference;
          return typeof named === 'string' ? [named] : axisValues(stage.name, named.axis).map(String);
        }),
    ]),
  );
  const repeated = new Set(others.filter(({ seed }) => seed === undefined).map(({ name }) => name));
  for (let before = -1; before !== repeated.size; ) {
    before = repeated.size;
    for (const [name, from] of needs) if (from.some((each) => repeated.has(each))) repeated.add(name);
  }
  return repeated;
};

/** A stage's nodes, each once for each seed. */
export const withSeeds = (
  expanding: Expanding,
  stage: StageDeclaration,
  matrix: Matrix,
  seeds: readonly number[],
): Matrix => {
  if (matrix.points.length === 0) return matrix;
  if (Object.hasOwn(matrix.axes, seedAxis)) {
    const at = (stage.matrix && placeOfAxis(stage.matrix, seedAxis)) ?? stage.at;
    const message = `stages.${stage.name} has an axis ${seedAxis} already, and seeds would add it again`;
    expanding.spec.problems.add(at, message, 'take seeds out, or give the axis another name');
    return matrix;
  }
  return {
    axes: { ...matrix.axes, [seedAxis]: seeds },
    points: matrix.points.flatMap((point) => seeds.map((seed) => ({ ...point, [seedAxis]: seed }))),
    zipped: matrix.zipped,
  };
};

/**
 * The report names a repeated stage as if it were made once. Where its block takes lists it gets the nodes of all seeds, elsewhere,
 * as for pictures, that of the first. Changes `value` in place.
 *
 * @param firsts for each such list what stands for it where no list is taken
 */
export const settleSeeds = (value: Json, schemas: readonly JsonObject[], firsts: ReadonlyMap<Json, Json>): Json => {
  const forms = schemas.flatMap(formsOf);
  const first = firsts.get(value);
  if (first !== undefined) return forms.some(({ artifacts }) => artifacts !== undefined) ? value : first;
  // In place: references to nodes carry types that a copy would lose.
  if (Array.isArray(value)) {
    const under = forms.flatMap(({ items }) => mapOf(items));
    value.forEach((item, i) => {
      value[i] = settleSeeds(item, under, firsts);
    });
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      const under = forms.flatMap(({ properties }) => mapOf(mapOf(properties)[0]?.[key]));
      value[key] = settleSeeds(item, under, firsts);
    }
  }
  return value;
};

const formsOf = (schema: JsonObject): JsonObject[] => [
  schema,
  ...[schema.anyOf, schema.oneOf].flatMap((forms) =>
    Array.isArray(forms) ? forms.flatMap(mapOf).flatMap(formsOf) : [],
  ),
];

const mapOf = (value: Json | undefined): JsonObject[] => (isJsonObject(value) ? [value] : []);
