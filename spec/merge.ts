import type { Entry, Located, LocatedMap } from './yaml.ts';

/**
 * `overlay` over `base`: mappings merge key by key, everything else replaces, and `null` removes the key. A stage whose
 * `uses` changes is replaced as a whole: the parameters of one kind do not apply to another.
 *
 * Every value keeps the place where it was written, so that a mistake is shown in the file that made it.
 */
export const mergeSpecs = (base: LocatedMap, overlay: LocatedMap): LocatedMap => merge(base, overlay, []);

const merge = (base: LocatedMap, overlay: LocatedMap, path: readonly string[]): LocatedMap => {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of overlay.entries) {
    const below = entries.get(key);
    if (isNull(entry.value)) {
      if (below) entries.delete(key);
      else entries.set(key, entry);
    } else if (
      below?.value.kind === 'map' &&
      entry.value.kind === 'map' &&
      !changesKind(below.value, entry.value, path)
    ) {
      entries.set(key, { key: entry.key, value: merge(below.value, entry.value, [...path, key]) });
    } else entries.set(key, entry);
  }
  return { ...overlay, entries };
};

const isNull = (node: Located): boolean => node.kind === 'scalar' && node.value === null;

const changesKind = (base: LocatedMap, overlay: LocatedMap, path: readonly string[]): boolean => {
  if (path.length !== 1 || !['stages', 'templates'].includes(path[0] as string)) return false;
  const [before, after] = [base, overlay].map((stage) => stage.entries.get('uses')?.value);
  return after?.kind === 'scalar' && (before?.kind !== 'scalar' || before.value !== after.value);
};
