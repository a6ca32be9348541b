import type { Json } from '../core/errors.ts';
import { type Axes, pointCount } from '../core/expand.ts';
import type { Scalar } from '../core/references.ts';
import { plural } from '../core/words.ts';
import { type Expanding, scopeOf } from './expanding.ts';
import type { StageDeclaration } from './structure.ts';
import { evaluate } from './values.ts';
import { describe, type Located } from './yaml.ts';

const maxPointsPerStage = 1000;

/** The values of each axis of a stage's matrix. */
export const axesOf = (expanding: Expanding, stage: StageDeclaration): Axes => {
  const { params, failed } = expanding;
  const { problems } = expanding.spec;
  const axes: { [axis: string]: Scalar[] } = {};
  for (const [axis, { key, value }] of stage.matrix?.entries ?? []) {
    const path = `stages.${stage.name}.matrix.${axis}`;
    const values = evaluate(value, scopeOf(expanding, `stages.${stage.name}.matrix`));
    // A faulty axis stays empty, so that references that select by it are not reported as well.
    axes[axis] = [];
    if (failed.has(value)) continue;
    if (!/^[A-Za-z_][\w-]*$/.test(axis))
      problems.add(key, `"${axis}" cannot name an axis`, 'use letters, digits, - and _');
    else if (!Array.isArray(values)) {
      problems.add(
        value,
        `${path} must be a list of values, got ${describe(params.originOf(value))}`,
        'write [0, 0.5]',
      );
    } else if (values.length === 0)
      problems.add(value, `${path} has no values`, 'give at least one, or take the matrix out');
    else axes[axis] = axisValues(expanding, path, values, params.originOf(value));
  }
  if (pointCount(axes) > maxPointsPerStage) {
    const message = `stages.${stage.name} expands to ${plural(pointCount(axes), 'node')}, at most ${maxPointsPerStage} are allowed`;
    problems.add(stage.at, message, 'shorten an axis');
    return {};
  }
  return axes;
};

const axisValues = (
  { spec: { problems }, failed }: Expanding,
  path: string,
  values: readonly Json[],
  origin: Located,
): Scalar[] => {
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    const at = (origin.kind === 'list' ? origin.items[i] : undefined) ?? origin;
    if (failed.has(at)) return [];
    const fits = typeof value === 'number' || typeof value === 'boolean' || /^[\w.+-]{1,40}$/.test(String(value));
    if (value === null || typeof value === 'object' || !fits) {
      const remedy = 'use numbers, true, false, or words of letters, digits, and . _ + - (they name nodes)';
      problems.add(at, `${path} holds a value that cannot name a node`, remedy);
      return [];
    }
    if (seen.has(String(value))) problems.add(at, `${path} holds ${value} twice`, 'keep one of the two');
    seen.add(String(value));
    return [value];
  });
};
