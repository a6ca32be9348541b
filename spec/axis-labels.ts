import type { Json, JsonObject } from '../core/errors.ts';
import type { Point } from '../core/expand.ts';
import type { Reference, Scalar } from '../core/references.ts';
import { placeOfAxis } from './matrix.ts';
import type { Problems } from './problems.ts';
import type { StageDeclaration } from './structure.ts';
import { referencesIn } from './values.ts';

/** One node of a stage with a matrix, its parameters filled in. */
interface LabelledNode {
  readonly matrix: Point;
  readonly params: JsonObject;
  readonly seed: number;
}

/**
 * A matrix axis labels what its stage makes: in node ids, tables and charts. An axis `m` that the stage does not use is refused
 * where the stage says another m itself, by a parameter, by its seed, or by the set that it takes: the label would be untrue.
 */
export const checkAxisLabels = (stage: StageDeclaration, node: LabelledNode, problems: Problems): void => {
  const references = [stage.with, stage.seed].flatMap((tree) => (tree ? referencesIn(tree) : []));
  for (const [axis, value] of Object.entries(node.matrix)) {
    const key = stage.matrix && placeOfAxis(stage.matrix, axis);
    if (key === undefined || problems.has(key) || references.some((reference) => uses(reference, axis))) continue;
    const other = otherValue(axis, value, node, references);
    if (other === undefined) continue;
    problems.add(
      key,
      `stages.${stage.name} does not use its axis ${axis}: what is labelled ${axis} = ${value} would be made with ${other.what}`,
      `write ${other.remedy}, or give the axis another name`,
    );
  }
};

/** Whether a reference takes the node's own value of the axis. */
const uses = (reference: Reference, axis: string): boolean => {
  if (reference.to === 'matrix') return reference.axis === axis;
  if (reference.to !== 'stages') return false;
  if (typeof reference.stage === 'object' && reference.stage.axis === axis) return true;
  return (
    Array.isArray(reference.index) && reference.index.some((choice) => choice.axis === axis && choice.choose === 'same')
  );
};

/** What the stage says of the axis itself, where that is another value. */
const otherValue = (
  axis: string,
  value: Scalar,
  { params, seed }: LabelledNode,
  references: readonly Reference[],
): { readonly what: string; readonly remedy: string } | undefined => {
  for (const reference of references) {
    if (reference.to !== 'stages' || typeof reference.stage !== 'string' || !Array.isArray(reference.index)) continue;
    const choice = reference.index.find((each) => each.axis === axis)?.choose;
    if (typeof choice !== 'object' || choice.value === value) continue;
    const { stage } = reference;
    return { what: `stages.${stage}[${axis}=${choice.value}]`, remedy: `\${{ stages.${stage}[${axis}] }}` };
  }
  const own: Json | undefined = Object.hasOwn(params, axis) ? params[axis] : axis === 'seed' ? seed : undefined;
  if (own !== undefined && own !== null && own !== value)
    return { what: `${axis} = ${JSON.stringify(own)}`, remedy: `${axis}: \${{ matrix.${axis} }}` };
  return undefined;
};
