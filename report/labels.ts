import type { Digest } from '../core/digest.ts';
import { shortDigest } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import { plain } from './format.ts';

/**
 * Fills `{m}` in a label from a matrix point. A label without a place for its values gets them appended: several rows would
 * otherwise read the same, and of a matrix with one point so far nobody could tell which one it is.
 */
export const fillLabel = (template: string, matrix: JsonObject): string => {
  let filled = false;
  const text = template.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, axis: string) => {
    if (!Object.hasOwn(matrix, axis)) throw unknownAxis(template, axis, Object.keys(matrix));
    filled = true;
    return plain(matrix[axis]);
  });
  return filled || Object.keys(matrix).length === 0 ? text : `${text} (${matrixLabel(matrix)})`;
};

/** The same for a row of a spec; one that has no other point keeps its label as it was written. @param alone whether it has none */
export const rowLabel = (template: string, matrix: JsonObject, alone: boolean): string =>
  alone && !/\{\w+\}/.test(template) ? template : fillLabel(template, matrix);

/** `m = 0.5`, `m = 0.5, interval = 0.02`. */
export const matrixLabel = (matrix: JsonObject): string =>
  Object.keys(matrix)
    .sort()
    .map((axis) => `${axis} = ${plain(matrix[axis])}`)
    .join(', ');

/** What a manifest counts, whatever parameter may have the same name: an axis `images` means images of each identity. */
const counted = new Set(['identities', 'images', 'height', 'width']);

/** What a set states in the place of a single value, where its images have several. */
const several: { readonly [axis: string]: string } = { m: 'mixture' };

/**
 * A label may not say what its artifact denies: a set that states m = 0.5 cannot be in a row for m = 0, nor one that mixes
 * several m in a row for one of them.
 *
 * @param matrix the values that the label may show @param meta of the artifact's manifest
 * @throws CemiflowError `LabelUntrue`
 */
export const checkLabel = (matrix: JsonObject, meta: JsonObject, artifact: Digest): void => {
  for (const [axis, value] of Object.entries(matrix)) {
    const stated = statedFor(axis, meta);
    if (stated === undefined || stated === value) continue;
    throw new CemiflowError(
      'LabelUntrue',
      `a row for ${axis} = ${plain(value)} would show ${shortDigest(artifact)}, which was made with ${axis} = ${plain(stated)}`,
      {
        remedy: `give the stage that made it ${axis}: \${{ matrix.${axis} }}, or rename the axis if it means something else`,
        data: { artifact, axis, label: value, stated },
      },
    );
  }
};

const statedFor = (axis: string, meta: JsonObject): Json | undefined => {
  const instead = Object.hasOwn(several, axis) ? several[axis] : undefined;
  if (instead !== undefined && Object.hasOwn(meta, instead)) return meta[instead];
  const stated = Object.hasOwn(meta, axis) && !counted.has(axis) ? meta[axis] : undefined;
  return stated === null || typeof stated === 'object' ? undefined : stated;
};

const unknownAxis = (template: string, axis: string, axes: string[]): CemiflowError =>
  new CemiflowError(
    'ReportInputInvalid',
    `label "${template}" names {${axis}}, but its rows differ in no axis of that name`,
    {
      remedy:
        axes.length > 0 ? `use one of: ${axes.map((a) => `{${a}}`).join(', ')}` : 'take the braces out of the label',
      data: { label: template, axis },
    },
  );
