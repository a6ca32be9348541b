import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const stampOf = (project) => join(project, 'node_modules', '.cemiflow-setup');
const lockDigest = (project) =>
  createHash('sha256')
    .update(readFileSync(join(project, 'package-lock.json')))
    .digest('hex');

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Whether the installed packages are those of the lock file: compares npm's own record of what it installed. Packages
 * of other platforms are optional and may be absent.
 *
 * @param lock content of `package-lock.json`
 * @param installed content of `node_modules/.package-lock.json`
 */
export const fitsLock = (lock, installed) =>
  Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .every(([path, wanted]) => {
      const found = installed.packages?.[path];
      return found === undefined
        ? wanted.optional === true
        : found.version === wanted.version && found.integrity === wanted.integrity;
    });

/** Whether `npm ci` has nothing to do. */
export const packagesReady = (project) => {
  if (read(stampOf(project)) === lockDigest(project)) return true;
  const record = read(join(project, 'node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const ready = fitsLock(JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')), JSON.parse(record));
  if (ready) writeFileSync(stampOf(project), lockDigest(project));
  return ready;
};

// Prefer offline: the lock file's digests say that what npm has cached is right.
export const installPackages = async (project, log) => {
  await run('npm', ['ci', '--include=dev', '--include=optional', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: project,
    log,
  });
  writeFileSync(stampOf(project), lockDigest(project));
};
