import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of this checkout. */
export const root = join(import.meta.dirname, '..', '..');

/** Folders that the command line may take code from. `build.mjs` refuses a bundle with a file from elsewhere. */
export const folders = [
  'activities',
  'artifacts',
  'cli',
  'client',
  'core',
  'data',
  'engine',
  'faces',
  'foreign',
  'formats',
  'methods',
  'metrics',
  'nn',
  'provenance',
  'report',
  'schemas',
  'services',
  'setup',
  'spec',
  'store',
  'threads',
  'training',
];

/** What npm writes at each installation: names, versions and digests of all packages. */
const installed = join('node_modules', '.package-lock.json');

/**
 * Digest of everything that a bundle of the command line is made of: every file of these folders by its path and content, and
 * the packages by what npm says of them. Contents are read, because times and sizes can lie: 500 files take 10 ms.
 */
export const sourcesDigest = (from = root) => {
  const hash = createHash('sha256');
  const add = (path) => {
    const bytes = readFileSync(join(from, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  };
  const walk = (folder) => {
    // Sorted by code units, as readdir gives them in the order of the disk.
    const entries = readdirSync(join(from, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else add(path);
    }
  };
  for (const folder of folders) walk(folder);
  add(installed);
  return hash.digest('hex');
};
