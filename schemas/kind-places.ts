import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemiflowError } from '../core/errors.ts';
import { isOwnKind } from '../core/stage.ts';

/** The root of this checkout. */
export const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** The files of one stage kind, relative to the root of the checkout. */
export interface KindPlace {
  /** `area/verb`, such as `recognizer/train`. */
  readonly kind: string;
  /** The module that exports `stage`. */
  readonly module: string;
  readonly schema: string;
  /** The module that exports `recompute`, where the kind's numbers follow from what it stored. */
  readonly recompute?: string;
  /** The module that exports `estimate`, where what the kind costs and makes can be said beforehand. */
  readonly estimate?: string;
  /** The module that exports `probe`, where a machine's speed at the kind's work can be measured without its data. */
  readonly probe?: string;
}

/**
 * Every stage kind of a checkout, sorted by name. A kind is a folder that holds `stage.ts`: `activities/<area>-<verb>/`, with
 * its schema in `schemas/stages/`, or `methods/<method>/<verb>/`, with its `schema.json` beside it. `recompute.ts`,
 * `estimate.ts` and `probe.ts` may lie beside `stage.ts`.
 *
 * @param root of the checkout
 * @throws CemiflowError `KindInvalid` where two folders hold kinds of one name, or a name is not `area/verb`
 */
export const kindPlaces = (root = repository): KindPlace[] => {
  const places = new Map<string, KindPlace>();
  for (const place of [...sharedKinds(root), ...methodKinds(root)]) {
    checkName(place);
    const other = places.get(place.kind);
    if (other) throw twice(place.kind, folderOf(other), folderOf(place));
    places.set(place.kind, place);
  }
  return [...places.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
};

/** As names stand in keys, messages and paths: `area/verb` in lower case, with hyphens between words. */
const goodName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*\/[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const checkName = (place: KindPlace): void => {
  const kind: unknown = place.kind;
  if (typeof kind === 'string' && goodName.test(kind) && !isOwnKind(kind)) return;
  const folder = folderOf(place);
  throw new CemiflowError('KindInvalid', `${folder} holds a stage kind with the bad name ${JSON.stringify(kind)}`, {
    remedy:
      'use area/verb in lower case, such as recognizer/train, and no area own; folders of activities are named area-verb',
    data: { folder },
  });
};

/**
 * Schemas that no stage kind uses, relative to the root: the `stage.ts` that they belong to is missing, or lies elsewhere.
 *
 * @param places all stage kinds under `root`
 */
export const orphanSchemas = (places: readonly KindPlace[], root: string): string[] => {
  const used = new Set(places.map(({ schema }) => schema));
  const shared = entriesIn(`${root}/schemas/stages`).flatMap((entry) =>
    entry.name.endsWith('.schema.json') ? [`schemas/stages/${entry.name}`] : [],
  );
  const ofMethods = foldersIn(`${root}/methods`).flatMap((method) =>
    foldersIn(`${root}/methods/${method}`)
      .map((verb) => `methods/${method}/${verb}/schema.json`)
      .filter((file) => isFile(`${root}/${file}`)),
  );
  return [...shared, ...ofMethods].filter((file) => !used.has(file)).sort();
};

const folderOf = ({ module }: KindPlace): string => dirname(module);

const twice = (kind: string, first: string, second: string): CemiflowError =>
  new CemiflowError('KindInvalid', `${first} and ${second} both hold a stage kind named ${kind}`, {
    remedy: 'rename one of the two folders, or change x-stage.kind in the schema of the method',
    data: { kind, folders: [first, second] },
  });

/**
 * @param places all stage kinds of the checkout
 * @throws CemiflowError `UnknownKind`
 */
export const placeOfKind = (kind: string, places: readonly KindPlace[] = kindPlaces()): KindPlace => {
  const found = places.find((each) => each.kind === kind);
  if (found) return found;
  throw new CemiflowError('UnknownKind', `this checkout has no stage kind ${kind}`, {
    remedy: `use one of ${places.map((each) => each.kind).join(', ')}, or check out the code that has it`,
    data: { kind },
  });
};

const sharedKinds = (root: string): KindPlace[] =>
  foldersIn(`${root}/activities`).flatMap((name): KindPlace[] => {
    const modules = modulesIn(root, `activities/${name}`);
    return modules ? [{ kind: name.replace('-', '/'), ...modules, schema: `schemas/stages/${name}.schema.json` }] : [];
  });

const methodKinds = (root: string): KindPlace[] =>
  foldersIn(`${root}/methods`).flatMap((method) =>
    foldersIn(`${root}/methods/${method}`).flatMap((verb): KindPlace[] => {
      const folder = `methods/${method}/${verb}`;
      const modules = modulesIn(root, folder);
      if (!modules) return [];
      const schema = `${folder}/schema.json`;
      return [{ kind: kindIn(`${root}/${schema}`) ?? `${method}/${verb}`, ...modules, schema }];
    }),
  );

/** Undefined where the folder holds no stage kind. */
const modulesIn = (
  root: string,
  folder: string,
): Pick<KindPlace, 'module' | 'recompute' | 'estimate' | 'probe'> | undefined => {
  const module = `${folder}/stage.ts`;
  if (!isFile(`${root}/${module}`)) return undefined;
  const beside = ['recompute', 'estimate', 'probe'].flatMap((name) => {
    const file = `${folder}/${name}.ts`;
    return isFile(`${root}/${file}`) ? [[name, file]] : [];
  });
  return { module, ...Object.fromEntries(beside) };
};

/** The name that a method's schema gives its kind, where that is not `<method>/<verb>`. */
const kindIn = (schemaFile: string): string | undefined => {
  try {
    const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as { readonly 'x-stage'?: { readonly kind?: string } };
    return schema['x-stage']?.kind;
  } catch {
    // A schema that is missing or damaged is reported where schemas are loaded.
    return undefined;
  }
};

/** Hidden folders belong to editors and tools. */
const foldersIn = (folder: string): string[] =>
  entriesIn(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();

const entriesIn = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
