import type { Json, JsonObject } from './errors.ts';
import { isNodeRef } from './plan.ts';

/**
 * The params of a node that is made without some of its inputs. What holds a reference to one of them is left out of the list
 * that it stands in; a list that loses all of its entries is left out with them. A param of its own becomes null, or empty
 * where it is a list.
 */
export const withoutNodes = (params: JsonObject, skipped: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      pruned(value, skipped) ?? (Array.isArray(value) ? ([] as Json[]) : null),
    ]),
  );

/** @returns undefined where nothing can stand without a skipped node */
const pruned = (value: Json, skipped: ReadonlySet<string>): Json | undefined => {
  if (isNodeRef(value)) return skipped.has(value.$node) ? undefined : value;
  if (Array.isArray(value)) {
    const left = value.map((item) => pruned(item, skipped)).filter((item) => item !== undefined);
    return left.length === 0 && value.length > 0 ? undefined : left;
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => [key, pruned(item, skipped)] as const);
  return entries.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(entries) as JsonObject);
};
