import type { ArtifactType } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate } from './values.ts';

/**
 * What a stage that runs a program of a user's own says that it makes: names, and the type of each. They are the same at all points
 * of its matrix, since others refer to them. What is no output is reported where its parameters are checked.
 */
export const declaredOutputs = (
  expanding: Expanding,
  stage: StageDeclaration,
): { readonly [name: string]: ArtifactType } => {
  const written = stage.with?.entries.get('outputs')?.value;
  if (written?.kind !== 'map') return {};
  return Object.fromEntries(
    [...written.entries].flatMap(([name, { value }]) => {
      const output = evaluate(value, scopeOf(expanding, `stages.${stage.name}`)) as JsonObject | null;
      return typeof output === 'object' && typeof output?.type === 'string'
        ? [[name, output.type as ArtifactType]]
        : [];
    }),
  );
};
