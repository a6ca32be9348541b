import type { JsonObject } from '../core/errors.ts';
import type { Point } from '../core/expand.ts';
import { explainErrors } from '../schemas/explain.ts';
import type { StageSchema } from '../schemas/stage-schemas.ts';
import type { Expanding } from './expanding.ts';
import type { StageDeclaration } from './structure.ts';
import type { Located, LocatedMap } from './yaml.ts';

/** Checks params by the kind's schema and fills defaults in. */
export const checkParams = (
  expanding: Expanding,
  stage: StageDeclaration,
  schema: StageSchema,
  params: JsonObject,
  point: Point,
): void => {
  const {
    spec: { problems },
    params: table,
    failed,
  } = expanding;
  const hidden = schema.contentOf ? stage.with?.entries.get('content') : undefined;
  if (hidden) problems.add(hidden.key, '"content" is filled in by cemiflow', `give ${schema.contentOf} alone`);
  if (schema.validate(params)) return;
  const explanations = explainErrors(schema.validate.errors ?? [], schema, stage.withPath, (types) =>
    givers(expanding, types, point),
  );
  for (const { path, key, message, remedy } of explanations) {
    const written = stage.with ? locate(expanding, stage.with, path) : undefined;
    // The value itself was reported already.
    if (written && (failed.has(written) || problems.has(written))) continue;
    const origin = written && table.originOf(written);
    const keyPlace = key !== undefined && origin?.kind === 'map' ? origin.entries.get(key)?.key : undefined;
    // A missing key is shown at the stage's name, because its whole block would be underlined otherwise.
    const place = keyPlace ?? (origin === undefined || origin === stage.with ? stage.at : origin);
    problems.add(place, message, remedy);
  }
};

/** Follows one of Ajv's error paths into the spec, through references to params. */
const locate = ({ params: table, failed }: Expanding, from: LocatedMap, path: readonly string[]): Located => {
  let at: Located = from;
  for (const key of path) {
    if (failed.has(at)) return at;
    const origin = table.originOf(at);
    const next: Located | undefined =
      origin.kind === 'map'
        ? origin.entries.get(key)?.value
        : origin.kind === 'list'
          ? origin.items[Number(key)]
          : undefined;
    if (next === undefined) return at;
    at = next;
  }
  return at;
};

/** References that a node at this point could use to get an artifact of one of these types. */
const givers = ({ targets }: Expanding, types: readonly string[], point: Point): string[] => {
  return [...targets].flatMap(
    ([
      name,
      {
        schema,
        outputs,
        matrix: { axes },
      },
    ]) => {
      const index = Object.keys(axes).map((axis) => (axis in point ? axis : `${axis}=${axes[axis]?.[0]}`));
      const base = index.length > 0 ? `${name}[${index.join(', ')}]` : name;
      return Object.entries(schema ? outputs : {})
        .filter(([, type]) => types.includes(type))
        .map(([output]) => (output === Object.keys(outputs)[0] ? base : `${base}.${output}`));
    },
  );
};
