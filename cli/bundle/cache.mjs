import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../setup/cache-dir.mjs';

/** Bundles that are kept of a checkout: people switch between branches. */
const kept = 3;
const digestLength = 64;

const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Bundles of one checkout in the cache folder. Every file begins with the digest of the rest, so that a damaged one counts as missing,
 * and is renamed into place, so that it is there whole or not at all.
 */
export class BundleCache {
  /** Of what the bundle is made of. */
  digest;
  /** Of the bundle. */
  path;
  #folders;
  #folder;

  constructor(env, root, digest) {
    this.digest = digest;
    this.#folders = join(cacheDir(env), 'commands');
    // A bundle holds the paths of its files.
    this.#folder = join(this.#folders, digestOf(root).slice(0, 16));
    this.path = join(this.#folder, `${digest}.cjs`);
  }

  /** Whether bundles can be kept: one that cannot is not worth making. */
  isWritable() {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      accessSync(this.#folder, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  read() {
    const bytes = readSealed(this.path);
    if (!bytes) return undefined;
    const end = bytes.indexOf('\n');
    // One byte a character, as the script has no others: twice as fast as UTF-8.
    return { fromSource: JSON.parse(bytes.toString('latin1', 0, end)), text: bytes.toString('latin1', end + 1) };
  }

  write({ text, fromSource }) {
    writeSealed(this.path, Buffer.from(`${JSON.stringify(fromSource)}\n${text}`, 'latin1'));
    this.#removeOld();
  }

  /** What V8 compiled of the bundle for a command. */
  readCompiled(name) {
    return readSealed(this.#compiledPath(name));
  }

  writeCompiled(name, bytes) {
    try {
      writeSealed(this.#compiledPath(name), bytes);
    } catch {
      // The command is done: the next one compiles again.
    }
  }

  #compiledPath(name) {
    return join(this.#folder, `${this.digest}.${name}.${process.version}-${process.arch}`);
  }

  /** Removes all but the newest bundles; a command that is just starting from another one starts from source. */
  #removeOld() {
    const bundles = readdirSync(this.#folder)
      .filter((file) => file.endsWith('.cjs'))
      .map((file) => ({ digest: file.slice(0, -'.cjs'.length), at: statSync(join(this.#folder, file)).mtimeMs }))
      .sort((a, b) => b.at - a.at);
    const keep = new Set(bundles.slice(0, kept).map(({ digest }) => digest));
    for (const file of readdirSync(this.#folder))
      if (!keep.has(file.split('.')[0])) rmSync(join(this.#folder, file), { force: true });
  }
}

const readSealed = (path) => {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const content = bytes.subarray(digestLength);
  return bytes.toString('latin1', 0, digestLength) === digestOf(content) ? content : undefined;
};

const writeSealed = (path, content) => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, Buffer.concat([Buffer.from(digestOf(content)), content]), { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};
