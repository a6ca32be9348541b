import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { plural } from '../../core/words.ts';
import { decodeImage } from '../png.ts';
import { FolderHash, hashFile, isReadable, nothing } from './digest.ts';
import { type ListedFile, listFolder } from './list.ts';

export interface FolderOptions {
  /** Side of the images, in pixels. */
  readonly size: number;
  readonly minImages: number;
  /** 0: all */
  readonly maxImages: number;
  readonly onBadFile: 'fail' | 'skip';
  /** `folderDigest` at planning time; absent if the content is not to be checked. */
  readonly content?: Digest;
}

export interface FolderSample {
  readonly identity: number;
  readonly image: number;
  /** uint8 RGB [size, size, 3] */
  readonly pixels: Uint8Array;
}

export interface BadFile {
  readonly path: string;
  readonly fault: string;
}

/** Names that a message lists at most. */
const shown = 20;

/** A folder of photos, read once from its first file to its last. */
export class FolderReader {
  readonly path: string;
  readonly options: FolderOptions;
  readonly files: readonly ListedFile[];
  /** Names of the identities that have a folder, in order; their place is their number. */
  readonly names: readonly string[];
  readonly bad: BadFile[] = [];
  readonly #hash = new FolderHash();

  private constructor(path: string, options: FolderOptions, files: readonly ListedFile[]) {
    this.path = path;
    this.options = options;
    this.files = files;
    this.names = [...new Set(files.filter(isOfIdentity).map(identityOf))];
  }

  /** @throws CemiflowError `FolderNotFound`, `LinkOutside`, `TooFewImages` where names alone show it */
  static async open(path: string, options: FolderOptions): Promise<FolderReader> {
    const reader = new FolderReader(path, options, await listFolder(path));
    const counts = new Map(reader.names.map((name) => [name, 0]));
    for (const file of reader.files) {
      if (isOfIdentity(file) && !file.fault) counts.set(identityOf(file), (counts.get(identityOf(file)) ?? 0) + 1);
    }
    // Bad files are reported first: they are the likely reason for too few images.
    if (!reader.files.some((file) => file.fault)) reader.#checkCounts(counts);
    return reader;
  }

  /** @throws CemiflowError `BadImages`, `TooFewImages`, `FolderChanged`: all after the last file, so that they name everything */
  async *samples(): AsyncGenerator<FolderSample> {
    const counts = new Map(this.names.map((name) => [name, 0]));
    const identities = new Map(this.names.map((name, i) => [name, i]));
    for (const file of this.files) {
      const name = identityOf(file);
      const taken = counts.get(name) ?? 0;
      const wanted = !file.fault && (this.options.maxImages === 0 || taken < this.options.maxImages);
      const pixels = wanted ? await this.#take(file) : await this.#pass(file);
      if (pixels === undefined) continue;
      counts.set(name, taken + 1);
      yield { identity: identities.get(name) as number, image: taken, pixels };
    }
    const found = this.#hash.digest();
    if (this.options.content !== undefined && found !== this.options.content) throw changed(this.path);
    if (this.bad.length > 0 && this.options.onBadFile === 'fail') throw badImages(this.path, this.bad);
    this.#checkCounts(counts);
  }

  async #take(file: ListedFile): Promise<Uint8Array | undefined> {
    const bytes = await readFile(file.location).catch((cause: unknown) => {
      throw changed(this.path, cause);
    });
    this.#hash.add(file.path, bytes.length, `sha256:${createHash('sha256').update(bytes).digest('hex')}`);
    try {
      return await square(bytes, this.options.size);
    } catch (error) {
      this.bad.push({ path: file.path, fault: (error as Error).message });
      return undefined;
    }
  }

  /** Counts a file towards the digest without decoding it. */
  async #pass(file: ListedFile): Promise<undefined> {
    const { bytes, digest } = isReadable(file) ? await hashFile(file.location) : { bytes: 0, digest: nothing };
    this.#hash.add(file.path, bytes, digest);
    if (file.fault) this.bad.push({ path: file.path, fault: file.fault });
  }

  #checkCounts(counts: ReadonlyMap<string, number>): void {
    const { minImages } = this.options;
    if (counts.size === 0) {
      throw new CemiflowError('TooFewImages', `${this.path} holds no identities`, {
        remedy: 'make one folder of photos for each identity in it',
        data: { path: this.path },
      });
    }
    const few = [...counts].filter(([, count]) => count < minImages);
    if (few.length === 0) return;
    const list = few.slice(0, shown).map(([name, count]) => `${name} has ${count}`);
    throw new CemiflowError(
      'TooFewImages',
      `${few.length} of ${plural(counts.size, 'identity', 'identities')} ${few.length === 1 ? 'has' : 'have'} fewer than ${plural(minImages, 'photo')}: ${list.join(', ')}${few.length > shown ? ', …' : ''}`,
      {
        remedy: 'add photos, remove these folders, or lower minImages',
        data: { path: this.path, minImages, identities: few.length, counts: Object.fromEntries(few.slice(0, shown)) },
      },
    );
  }
}

const isOfIdentity = (file: ListedFile): boolean => file.path.includes('/');
const identityOf = (file: ListedFile): string => file.path.slice(0, Math.max(0, file.path.indexOf('/')));

/** Decodes a photo and scales it to cover a square, centred. @returns uint8 RGB [size, size, 3] */
const square = async (bytes: Uint8Array, size: number): Promise<Uint8Array> => {
  const { pixels, height, width } = await decodeImage(bytes);
  if (height === size && width === size) return pixels;
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(size, size, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
    .raw()
    .toBuffer();
};

const changed = (path: string, cause?: unknown): CemiflowError =>
  new CemiflowError('FolderChanged', `${path} has changed since the run was planned`, {
    remedy: 'do not change the folder while it is read, and start the run again',
    data: { path },
    cause,
  });

const badImages = (path: string, bad: readonly BadFile[]): CemiflowError => {
  const list = bad.slice(0, shown).map((file) => `${file.path} (${file.fault})`);
  return new CemiflowError(
    'BadImages',
    `${plural(bad.length, 'file')} of ${path} cannot be used: ${list.join(', ')}${bad.length > shown ? ', …' : ''}`,
    {
      remedy: 'remove or repair them, or set onBadFile: skip to leave them out',
      data: { path, count: bad.length, files: bad.slice(0, shown).map((file) => file.path) },
    },
  );
};
