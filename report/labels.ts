import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { plain } from './format.ts';

/**
 * Fills `{m}` in a label from a matrix point. A label without a place for its values gets them appended where several
 * rows would otherwise read the same.
 */
export const fillLabel = (template: string, matrix: JsonObject, options: { distinguish?: boolean } = {}): string => {
  let filled = false;
  const text = template.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, axis: string) => {
    if (!Object.hasOwn(matrix, axis)) throw unknownAxis(template, axis, Object.keys(matrix));
    filled = true;
    return plain(matrix[axis]);
  });
  return filled || !options.distinguish || Object.keys(matrix).length === 0 ? text : `${text} (${matrixLabel(matrix)})`;
};

/** `m = 0.5`, `m = 0.5, interval = 0.02`. */
export const matrixLabel = (matrix: JsonObject): string =>
  Object.keys(matrix)
    .sort()
    .map((axis) => `${axis} = ${plain(matrix[axis])}`)
    .join(', ');

/** Where a matrix point lies on a numeric axis. */
export const axisValue = (matrix: JsonObject, axis: string): number => {
  const value = matrix[axis];
  if (typeof value === 'number') return value;
  throw new CemiflowError(
    'ReportInputInvalid',
    `the axis ${axis} must be a number at every point, got ${plain(value ?? null)}`,
    {
      remedy: `name a numeric matrix axis: ${Object.keys(matrix).join(', ') || '(this list has no matrix)'}`,
      data: { axis },
    },
  );
};

const unknownAxis = (template: string, axis: string, axes: string[]): CemiflowError =>
  new CemiflowError(
    'ReportInputInvalid',
    `label "${template}" names {${axis}}, which its stage has no matrix axis for`,
    {
      remedy:
        axes.length > 0 ? `use one of: ${axes.map((a) => `{${a}}`).join(', ')}` : 'take the braces out of the label',
      data: { label: template, axis },
    },
  );
