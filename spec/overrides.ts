import { suggest } from '../core/nearest.ts';
import { makeSource, type Place, type Problems, type Source } from './problems.ts';
import { type Entry, type Located, type LocatedMap, parseYaml } from './yaml.ts';

/** One `--set path=value` of the command line. */
export interface Override {
  readonly source: Source;
  readonly path: readonly string[];
  /** Where the path is in the source. */
  readonly place: Place;
  readonly value: Located;
}

/**
 * @param text `params.m=[0, 1]`, `stages.faces={uses: data/folder, with: {path: ./photos}}`: the value is YAML
 * @param folder relative paths in the value start here
 */
export const parseOverride = (text: string, folder: string, problems: Problems): Override | undefined => {
  const source = makeSource(`--set ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`, folder, text);
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).trim();
  const place = { source, start: 0, end: equals > 0 ? equals : Math.max(1, text.length) };
  if (!/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(path)) {
    problems.add(place, 'an override is <path>=<value>', 'write --set params.m=[0,1] or --set stages.x.with.y=3');
    return undefined;
  }
  // The path is blanked rather than cut off, so that columns count from the start of the argument.
  const value = parseYaml(source, problems, ' '.repeat(equals + 1) + text.slice(equals + 1));
  return value && { source, path: path.split('.'), place, value };
};

/** The spec with the override's value in the place of what was at its path; `null` removes. */
export const applyOverride = (spec: LocatedMap, override: Override, problems: Problems): LocatedMap => {
  const [root = '', second] = override.path;
  const roots = ['experiment', 'seed', 'seeds', 'params', 'templates', 'stages', 'report', 'description'];
  if (!roots.includes(root)) {
    const remedy = `${suggest(root, roots, 'what can be set')}; a parameter is set by params.<name>=…`;
    problems.add(override.place, `a spec has no "${root}" to set`, remedy);
    return spec;
  }
  const declared = spec.entries.get(root)?.value;
  const names = declared?.kind === 'map' ? [...declared.entries.keys()] : [];
  const isNew = second !== undefined && !names.includes(second);
  if (isNew && (root === 'params' || (['templates', 'stages'].includes(root) && override.path.length > 2))) {
    problems.add(override.place, `${root} has no "${second}" to set`, suggest(second, names, `${root} in the spec`));
    return spec;
  }
  return put(spec, override.path, override, problems);
};

const put = (map: LocatedMap, path: readonly string[], override: Override, problems: Problems): LocatedMap => {
  const [key = '', ...rest] = path;
  const entries = new Map<string, Entry>(map.entries);
  const below = entries.get(key)?.value;
  if (rest.length === 0) {
    if (override.value.kind === 'scalar' && override.value.value === null) entries.delete(key);
    else entries.set(key, { key: override.place, value: override.value });
  } else if (below === undefined || below.kind === 'map') {
    const inner: LocatedMap = below ?? { ...override.place, kind: 'map', entries: new Map() };
    entries.set(key, { key: entries.get(key)?.key ?? override.place, value: put(inner, rest, override, problems) });
  } else {
    const whole = override.path.slice(0, override.path.length - rest.length).join('.');
    problems.add(override.place, `${whole} is not a mapping, so nothing inside it can be set`, `set ${whole} whole`);
  }
  return { ...map, entries };
};
