import { suggest } from '../core/nearest.ts';
import { mergeSpecs } from './merge.ts';
import type { Override } from './overrides.ts';
import type { Place, Problems } from './problems.ts';
import { describe, type Located, type LocatedMap } from './yaml.ts';

/** Keys of a spec that a scale may change. */
export const scaleKeys = ['seed', 'seeds', 'params', 'templates', 'stages', 'report'];

/** Whether an override chooses the scale: `--set scale=paper`, or `--scale paper`. */
export const choosesScale = ({ path }: Override): boolean => path.length === 1 && path[0] === 'scale';

/**
 * The spec at one of its scales: what `scales` holds under the name laid over the spec, as `extends` lays a file over another.
 *
 * @param chosen the override that chooses, instead of the spec's own `scale`
 */
export const atScale = (spec: LocatedMap, chosen: Override | undefined, problems: Problems): LocatedMap => {
  const { scales, scale, ...rest } = Object.fromEntries(spec.entries);
  const plain: LocatedMap = { ...spec, entries: new Map(Object.entries(rest)) };
  const wanted = chosen?.value ?? scale?.value;
  if (scales !== undefined && scales.value.kind !== 'map') {
    problems.add(
      scales.value,
      `scales must be a mapping, got ${describe(scales.value)}`,
      'write scales: {paper: {params: {…}}}',
    );
    return plain;
  }
  if (wanted === undefined || isNull(wanted)) return plain;
  const known = scales?.value.kind === 'map' ? scales.value.entries : new Map<string, never>();
  const name = wanted.kind === 'scalar' && typeof wanted.value === 'string' ? wanted.value : undefined;
  const found = name === undefined ? undefined : known.get(name)?.value;
  if (found === undefined) {
    const what = known.size === 0 ? 'the spec has no scales' : `the spec has no scale ${describe(wanted)}`;
    problems.add(wanted, what, suggest(name ?? '', [...known.keys()], 'scales of the spec'));
    return plain;
  }
  if (isNull(found)) return plain;
  if (found.kind !== 'map') {
    problems.add(found, `a scale must be a mapping, got ${describe(found)}`, `give it ${scaleKeys.join(', ')}`);
    return plain;
  }
  for (const [key, { key: place }] of found.entries) unknown(key, place, problems);
  return mergeSpecs(plain, found);
};

const isNull = (node: Located): boolean => node.kind === 'scalar' && node.value === null;

const unknown = (key: string, place: Place, problems: Problems): void => {
  if (!scaleKeys.includes(key))
    problems.add(place, `a scale has no key "${key}"`, suggest(key, scaleKeys, 'keys of a scale'));
};
