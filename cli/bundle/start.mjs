import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { BundleCache } from './cache.mjs';
import { root, sourcesDigest } from './sources.mjs';

/**
 * Starts the command line from its bundle, which takes a tenth of the time that reading TypeScript does. The bundle is kept in the
 * cache folder under the digest of what it was made of, and made where it is missing (docs/adr/0019).
 *
 * @param argv of the command line
 * @returns false where the command is to run from source: it was asked to, there is no cache, or the code cannot be bundled
 */
export const startBundle = async (argv, env) => {
  // Stacks of errors name lines of the source.
  if (env.CEMIFLOW_FROM_SOURCE || argv.includes('--verbose')) return false;
  const name = argv.find((arg) => /^[a-z]+$/.test(arg)) ?? 'help';
  const start = await prepared(name, env).catch(() => undefined);
  start?.();
  return start !== undefined;
};

/**
 * @returns runs the command; undefined where it is to run from source
 * @throws whatever keeps the bundle from being made or read: from source it shows as well, and better
 */
const prepared = async (name, env) => {
  const cache = new BundleCache(env, root, sourcesDigest());
  const bundle = cache.read() ?? (await make(cache));
  return bundle && !bundle.fromSource.includes(name) ? compiled(bundle.text, name, cache) : undefined;
};

const make = async (cache) => {
  if (!cache.isWritable()) return undefined;
  const { buildBundle } = await import('./build.mjs');
  const bundle = await buildBundle(root);
  // A file that was saved while the bundle was made may be in it or not.
  if (sourcesDigest() !== cache.digest) return undefined;
  cache.write(bundle);
  return bundle;
};

/** The script, with what V8 compiled of it when the same command last ran. */
const compiled = (text, name, cache) => {
  const cachedData = cache.readCompiled(name);
  const script = new Script(`(function(require){${text}\n})`, { filename: cache.path, cachedData });
  if (!cachedData || script.cachedDataRejected)
    // By then all that the command calls is compiled. One that failed has called little of it.
    process.once('exit', (code) => {
      if (code === 0) cache.writeCompiled(name, script.createCachedData());
    });
  return () => script.runInThisContext()(createRequire(join(root, 'cli', 'main.ts')));
};
