import type { Action } from '../core/action.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { Json } from '../core/errors.ts';

/** One part of an action's key that differs. */
export interface KeyChange {
  /** `kind`, `seed`, `code`, or a parameter such as `params.batchSize` or `params.data.digest`. */
  readonly part: string;
  /** Absent where the part was added. */
  readonly before?: Json;
  /** Absent where the part was removed. */
  readonly after?: Json;
}

/** Why two actions have different keys: every part that differs, in the order of the paths. Empty for equal actions. */
export const keyChanges = (before: Action, after: Action): KeyChange[] => {
  const was = partsOf(before);
  const is = partsOf(after);
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((part) => text(was.get(part)) !== text(is.get(part)))
    .sort()
    .map((part) => ({ part, before: was.get(part), after: is.get(part) }));
};

const partsOf = ({ kind, seed, code, params }: Action): Map<string, Json> =>
  new Map<string, Json>([['kind', kind], ['seed', seed], ['code', code], ...leaves(params, 'params')]);

/** Values of nested objects under their paths; a list is one value. */
const leaves = (value: Json, path: string): [string, Json][] => {
  const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!nested || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`));
};

const text = (value: Json | undefined): string | undefined => (value === undefined ? undefined : canonicalJson(value));
