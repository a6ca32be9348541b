import type { ArtifactRef } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';

/** One entry of a labelled list, such as `${{ stages.verify[*] }}`. */
export interface Labelled {
  readonly matrix: JsonObject;
  readonly artifact: ArtifactRef;
}
export type OneOrMany = ArtifactRef | readonly Labelled[];

/** One artifact, all points of a matrix, or a list of either. */
export type Several = OneOrMany | readonly OneOrMany[];

/** An entry with the place in the parameters that names it: `accuracy.2.metrics.1.artifact`. */
export interface Placed extends Labelled {
  readonly input: string;
}

/** One artifact as a list of one, so that both are read alike. @param place of the value in the parameters */
export const listed = (value: OneOrMany, place: string): readonly Placed[] =>
  isList(value)
    ? value.map((entry, i) => ({ ...entry, input: `${place}.${i}.artifact` }))
    : [{ matrix: {}, artifact: value, input: place }];

/** The same where a list may hold lists: a reference to all points of a matrix is one. */
export const gathered = (value: Several, place: string): readonly Placed[] =>
  Array.isArray(value)
    ? (value as readonly (OneOrMany | Labelled)[]).flatMap((each, i) => {
        const at = `${place}.${i}`;
        return isLabelled(each) ? [{ ...each, input: `${at}.artifact` }] : gathered(each, at);
      })
    : [{ matrix: {}, artifact: value as ArtifactRef, input: place }];

/** The entry whose matrix values agree with the row's, or the one artifact that all rows share. */
export const matching = (value: OneOrMany, matrix: JsonObject, place: string): Placed | undefined =>
  listed(value, place).find((entry) => agrees(entry.matrix, matrix));

/** Whether two points have the same values on the axes that both have. */
export const agrees = (a: JsonObject, b: JsonObject): boolean =>
  Object.entries(a).every(([axis, value]) => !Object.hasOwn(b, axis) || b[axis] === value);

const isLabelled = (value: OneOrMany | Labelled): value is Labelled => !Array.isArray(value) && 'artifact' in value;
const isList = (value: OneOrMany): value is readonly Labelled[] => Array.isArray(value);
