import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * A cache entry is a folder that appears whole: it is made under a temporary name, stamped with the size and digest of
 * its main files, and renamed. The temporary name is this process's own: a build that outlived a killed set-up writes
 * into a folder that is gone, not into ours. Whatever was interrupted has no stamp, or the wrong sizes, and is made again.
 */
const stampName = 'stamp.json';
const temporaryPrefix = '.making-';

/** The stamp of a complete entry, or undefined. Looks at sizes, not at digests: it runs at every start. */
export const readStamp = (dir) => {
  try {
    const stamp = JSON.parse(readFileSync(join(dir, stampName), 'utf8'));
    const complete = Object.entries(stamp.files).every(([path, file]) => statSync(join(dir, path)).size === file.bytes);
    return complete ? stamp : undefined;
  } catch {
    return undefined;
  }
};

/** Writes the stamp that makes `dir` complete. @param files paths of the main files inside it */
export const writeStamp = async (dir, files, facts = {}) => {
  const entries = [];
  for (const path of files) {
    const file = join(dir, path);
    entries.push([path, { bytes: statSync(file).size, digest: await digestOfFile(file) }]);
  }
  writeFileSync(join(dir, stampName), `${JSON.stringify({ ...facts, files: Object.fromEntries(entries) }, null, 2)}\n`);
};

/**
 * Makes the entry `dir` unless it is complete.
 *
 * @param make called with an empty folder; returns `{files, facts}` for the stamp
 */
export const ensureEntry = async (dir, make) => {
  if (readStamp(dir)) return;
  const temporary = join(dirname(dir), `${temporaryPrefix}${basename(dir)}-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  const { files, facts } = await make(temporary);
  await writeStamp(temporary, files, facts);
  // A folder cannot be renamed over one with content; the broken one steps aside first.
  const broken = `${temporary}.broken`;
  rmSync(broken, { recursive: true, force: true });
  if (existsSync(dir)) renameSync(dir, broken);
  renameSync(temporary, dir);
  rmSync(broken, { recursive: true, force: true });
};

/** Removes what interrupted set-ups left half made. Only under the set-up lock. */
export const removeLeftovers = (cache) => {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache))
    if (name.startsWith(temporaryPrefix)) rmSync(join(cache, name), { recursive: true, force: true });
};

const digestOfFile = (path) =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path, { highWaterMark: 1 << 20 })
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(`sha256:${hash.digest('hex')}`));
  });
