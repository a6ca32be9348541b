import { CemiflowError } from '../../core/errors.ts';

/** `package-lock.json`, as far as it is read here. */
export interface Lock {
  readonly packages: {
    readonly [path: string]: {
      readonly dependencies?: { readonly [name: string]: string };
      readonly optionalDependencies?: { readonly [name: string]: string };
    };
  };
}

/**
 * The packages with everything that they depend on, as folders below the project: `node_modules/a`,
 * `node_modules/a/node_modules/b`. Those that are optional and for other systems are among them, as in the lock file.
 *
 * @throws CemiflowError `PackageUnknown` where the lock file does not hold one of `names`
 */
export const closureOf = (lock: Lock, names: readonly string[]): string[] => {
  const found = new Set<string>();
  const add = (from: string, name: string, optional: boolean): void => {
    const path = resolve(lock, from, name);
    if (path === undefined) {
      if (optional) return;
      throw new CemiflowError('PackageUnknown', `package-lock.json holds no ${name}, which ${from || 'this'} needs`, {
        remedy: 'run "npm install", or correct the name',
        data: { name, from },
      });
    }
    const { dependencies = {}, optionalDependencies = {} } = lock.packages[path] ?? {};
    if (found.has(path)) return;
    found.add(path);
    for (const each of Object.keys(optionalDependencies)) add(path, each, true);
    for (const each of Object.keys(dependencies)) add(path, each, each in optionalDependencies);
  };
  for (const name of names) add('', name, false);
  return [...found].sort();
};

/** As Node resolves a name: in the package's own `node_modules`, then in those above it. */
const resolve = (lock: Lock, from: string, name: string): string | undefined => {
  const path = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (path in lock.packages) return path;
  if (from === '') return undefined;
  const above = from.lastIndexOf('/node_modules/');
  return resolve(lock, above < 0 ? '' : from.slice(0, above), name);
};

/** Bundles for browsers, source maps, declarations and pages: a third of the packages, and nothing loads them here. */
export const isDeadWeight = (path: string): boolean =>
  /\.(map|html|md|tsbuildinfo|d\.[cm]?ts)$|\.min\.js$|\.fesm\.js$|_test\.js$/.test(path);
