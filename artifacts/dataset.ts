import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { datasetInvalid as invalid } from '../data/images.ts';
import { decodeImage, encodePng } from '../formats/png.ts';
import { decodeTar, encodeTarEntry, tarEnd, tarEntrySize } from '../formats/tar.ts';

/** One image of one identity. `pixels` is uint8 RGB [height, width, 3]. */
export interface Sample {
  readonly identity: number;
  readonly image: number;
  readonly pixels: Uint8Array;
}

const maxShardBytes = 64 * 2 ** 20;
/** Images that are encoded or decoded at a time. */
const window = 16;

/**
 * Packs samples into WebDataset shards in the order of `add`: `IIIIII/JJJJ.png` and `IIIIII/JJJJ.cls`. Shards are cut by
 * size alone, so that equal samples in equal order give equal bytes.
 */
export class DatasetWriter {
  readonly #store: ArtifactStore;
  readonly #options: { height: number; width: number; prefix: string; shardBytes: number };
  readonly #keys = new Set<string>();
  readonly #identities = new Set<number>();
  readonly #shards: FileEntry[] = [];
  readonly #pending: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param options `prefix`: folder of the shards inside the artifact; `shardBytes`: at most, 64 MiB unless told */
  constructor(store: ArtifactStore, options: { height: number; width: number; prefix?: string; shardBytes?: number }) {
    const { height, width, prefix = '', shardBytes = maxShardBytes } = options;
    this.#store = store;
    this.#options = { height, width, prefix: prefix && `${prefix.replace(/\/$/, '')}/`, shardBytes };
  }

  /** Takes a copy of the pixels; resolves when there is room for the next sample. */
  async add({ identity, image, pixels }: Sample): Promise<void> {
    const key = sampleKey(identity, image);
    if (this.#keys.has(key)) throw invalid(`sample ${key} was added twice`, { identity, image });
    this.#keys.add(key);
    this.#identities.add(identity);
    const encoded = encodePng(new Uint8Array(pixels), this.#options.height, this.#options.width);
    const before = this.#last;
    this.#last = encoded.then(async (png) => {
      await before;
      await this.#append(key, png, Buffer.from(`${identity}`));
    });
    this.#last.catch(() => {}); // Whoever waits next gets it.
    this.#pending.push(this.#last);
    if (this.#pending.length > window) await this.#pending.shift();
  }

  /** Closes the last shard. @returns entries of all shards, for a manifest of the caller's own */
  async files(): Promise<FileEntry[]> {
    await this.#last;
    await this.#flush();
    return [...this.#shards];
  }

  /** Stores the dataset's manifest; `meta` gets `identities`, `images`, `height` and `width` added. */
  async finish(meta: JsonObject & { origin: string }): Promise<ArtifactRef> {
    const files = await this.files();
    return this.#store.putArtifact({ type: 'dataset', meta: { ...meta, ...this.counts() }, files });
  }

  /** What has been added so far, as a dataset's `meta` states it. */
  counts(): { identities: number; images: number; height: number; width: number } {
    const { height, width } = this.#options;
    return { identities: this.#identities.size, images: this.#keys.size, height, width };
  }

  async #append(key: string, png: Buffer, label: Buffer): Promise<void> {
    const size = tarEntrySize(png.length) + tarEntrySize(label.length);
    if (this.#bytes + size + tarEnd.length > this.#options.shardBytes) await this.#flush();
    const cls = encodeTarEntry({ path: `${key}.cls`, bytes: label });
    this.#parts.push(encodeTarEntry({ path: `${key}.png`, bytes: png }), cls);
    this.#bytes += size;
  }

  async #flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    const shard = Buffer.concat([...this.#parts, tarEnd]);
    this.#parts = [];
    this.#bytes = 0;
    const path = shardPath(this.#options.prefix, this.#shards.length);
    this.#shards.push(await this.#store.putFile(path, shard, 'application/x-tar'));
  }
}

/** `shards/000003.tar`, after a prefix that is empty or ends in a slash. */
export const shardPath = (prefix: string, index: number): string => `${prefix}shards/${digits(index, 6)}.tar`;

/** The shards of several datasets as one list under new paths; their bytes stay as they are. */
export const joinShards = (parts: readonly (readonly FileEntry[])[], prefix = ''): FileEntry[] =>
  parts.flatMap((files) => shardsOf(files)).map((file, i) => ({ ...file, path: shardPath(prefix, i) }));

/** The shards among an artifact's files, in order. */
export const shardsOf = (files: readonly FileEntry[], prefix = ''): FileEntry[] =>
  files
    .filter(({ path }) => path.startsWith(`${prefix}shards/`) && path.endsWith('.tar'))
    .sort((a, b) => (a.path < b.path ? -1 : 1));

/**
 * Decodes the samples one by one, in shard order.
 *
 * @param source a dataset, anything else that holds `shards/…`, or entries of shards
 */
export async function* readSamples(
  store: ArtifactStore,
  source: ArtifactRef | readonly FileEntry[],
): AsyncGenerator<Sample & { readonly height: number; readonly width: number }> {
  const files = 'digest' in source ? shardsOf((await store.getArtifact(source)).files) : source;
  for (const file of files) {
    const packed = unpackShard(await store.getBlob(file.digest), file.path);
    const decoding = packed.slice(0, window).map(startDecoding);
    for (let next = window; decoding.length > 0; next++) {
      const sample = await (decoding.shift() as Promise<Decoded>);
      const following = packed[next];
      if (following) decoding.push(startDecoding(following));
      yield sample;
    }
  }
}

/** A sample as it lies in a shard. */
interface Packed {
  readonly identity: number;
  readonly image: number;
  readonly png: Uint8Array;
}
type Decoded = Sample & { readonly height: number; readonly width: number };

const startDecoding = ({ identity, image, png }: Packed): Promise<Decoded> => {
  const decoded = decodeImage(png).then((pixels) => ({ identity, image, ...pixels }));
  decoded.catch(() => {}); // The reader gets it when its turn comes, or has stopped reading.
  return decoded;
};

/** The samples of a shard, PNGs as views into it. @param path for messages @throws CemiflowError `DatasetInvalid`, `TarInvalid` */
export const unpackShard = (shard: Uint8Array, path: string): Packed[] => {
  const files = new Map(decodeTar(shard).map((entry) => [entry.path, entry.bytes]));
  const samples: Packed[] = [];
  for (const [name, png] of files) {
    const [, key, imageDigits] = /^(\d+\/(\d+))\.png$/.exec(name) ?? [];
    if (!key) continue;
    const label = files.get(`${key}.cls`);
    const text = Buffer.from(label ?? []).toString();
    if (!/^\d{1,10}$/.test(text)) throw invalid(`${path}: ${key}.cls must hold the identity in digits`, { path, key });
    samples.push({ identity: Number(text), image: Number(imageDigits), png });
  }
  if (samples.length * 2 !== files.size) throw invalid(`${path} must hold pairs of .png and .cls alone`, { path });
  return samples;
};

const sampleKey = (identity: number, image: number): string => {
  for (const [name, value] of Object.entries({ identity, image })) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31) {
      throw invalid(`${name} must be a whole number from 0 below 2^31, got ${value}`, { name });
    }
  }
  return `${digits(identity, 6)}/${digits(image, 4)}`;
};

const digits = (value: number, width: number): string => `${value}`.padStart(width, '0');
