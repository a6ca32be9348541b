import type { Action } from './action.ts';
import { canonicalJson } from './canonical.ts';
import type { Json } from './errors.ts';
import { isNodeRef } from './plan.ts';
import { plural } from './words.ts';

/** One thing in which two actions differ, and therefore their keys. */
export type Change =
  | { readonly what: 'kind'; readonly before: string; readonly now: string }
  | { readonly what: 'code' }
  | { readonly what: 'seed'; readonly before: number; readonly now: number }
  /** Files outside the store: `content` of the params. */
  | { readonly what: 'content' }
  /** The outputs of a node that it takes. */
  | { readonly what: 'input'; readonly node: string }
  /** How many inputs a list names. */
  | { readonly what: 'inputs'; readonly path: string; readonly before: number; readonly now: number }
  | { readonly what: 'parameter'; readonly path: string; readonly before?: Json; readonly now?: Json };

type Compared = Pick<Action, 'kind' | 'params' | 'seed' | 'code'>;

/**
 * Everything in which two actions differ, each thing once. Actions of different kinds differ in their kind alone.
 *
 * @param planned the node's params: a change at a NodeRef is a change of input data
 */
export const changesBetween = (before: Compared, now: Compared, planned?: Json): Change[] => {
  if (before.kind !== now.kind) return [{ what: 'kind', before: before.kind, now: now.kind }];
  const changes: Change[] = [
    ...(before.code === now.code ? [] : [{ what: 'code' } as const]),
    ...(before.seed === now.seed ? [] : [{ what: 'seed', before: before.seed, now: now.seed } as const]),
    ...changesIn(before.params, now.params, planned, []),
  ];
  return [...new Map(changes.map((change) => [tellChange(change, Number.POSITIVE_INFINITY), change])).values()];
};

const changesIn = (
  before: Json | undefined,
  now: Json | undefined,
  planned: Json | undefined,
  path: readonly string[],
): Change[] => {
  if (before !== undefined && now !== undefined && canonicalJson(before) === canonicalJson(now)) return [];
  if (isNodeRef(planned)) return [{ what: 'input', node: planned.$node }];
  if (path.length === 1 && path[0] === 'content') return [{ what: 'content' }];
  if (isMap(before) && isMap(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    return keys.flatMap((key) =>
      changesIn(before[key], now[key], isMap(planned) ? planned[key] : undefined, [...path, key]),
    );
  }
  if (Array.isArray(before) && Array.isArray(now) && holdsRef(planned)) {
    if (before.length !== now.length)
      return [{ what: 'inputs', path: path.join('.'), before: before.length, now: now.length }];
    return now.flatMap((item, i) => changesIn(before[i], item, (planned as Json[])[i], path));
  }
  return [
    {
      what: 'parameter',
      path: path.join('.'),
      ...(before !== undefined && { before }),
      ...(now !== undefined && { now }),
    },
  ];
};

/** `parameter epochs: 14 → 12`. @param longest characters that a value may have before it is cut */
export const tellChange = (change: Change, longest = 40): string => {
  switch (change.what) {
    case 'kind':
      return `stage kind: ${change.before} → ${change.now}`;
    case 'code':
      return 'code changed';
    case 'seed':
      return `seed: ${change.before} → ${change.now}`;
    case 'content':
      return 'files changed';
    case 'input':
      return `input data changed (stages.${change.node})`;
    case 'inputs':
      return `input list ${change.path}: ${change.before} → ${plural(change.now, 'artifact')}`;
    case 'parameter':
      return `parameter ${change.path}: ${brief(change.before, longest)} → ${brief(change.now, longest)}`;
  }
};

const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isNodeRef(value);

const holdsRef = (value: Json | undefined): boolean =>
  isNodeRef(value) || (typeof value === 'object' && value !== null && Object.values(value).some(holdsRef));

const brief = (value: Json | undefined, longest: number): string => {
  if (value === undefined) return '(none)';
  if (isNodeRef(value)) return `stages.${value.$node}.${value.$output}`;
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
};
