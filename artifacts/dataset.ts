import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { encodePng, imageKind } from '../formats/png.ts';
import { encodeTarEntry, tarEnd, tarEntrySize } from '../formats/tar.ts';
import { datasetCodec, type PeopleShown } from './codecs/dataset.ts';
import { datasetInvalid as invalid } from './invalid.ts';
import { digits, type Packed, type Sample, shardPath, window } from './shards.ts';

const maxShardBytes = 64 * 2 ** 20;

/**
 * Packs samples into WebDataset shards in the order of `add`: `IIIIII/JJJJ.png` (`.jpg`, `.webp`) and `IIIIII/JJJJ.cls`.
 * Shards are cut by size alone, so that equal samples in equal order give equal bytes.
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

  /** @param options `prefix`: folder of the shards inside the artifact; `shardBytes`: most bytes of a shard, default 64 MiB */
  constructor(store: ArtifactStore, options: { height: number; width: number; prefix?: string; shardBytes?: number }) {
    const { height, width, prefix = '', shardBytes = maxShardBytes } = options;
    this.#store = store;
    this.#options = { height, width, prefix: prefix && `${prefix.replace(/\/$/, '')}/`, shardBytes };
  }

  /** Takes a copy of the pixels; resolves when there is room for the next sample. */
  add({ identity, image, pixels }: Sample): Promise<void> {
    const { height, width } = this.#options;
    return this.#take(identity, image, () => encodePng(new Uint8Array(pixels), height, width));
  }

  /**
   * Takes an image file as it is: a PNG, JPEG or WebP of the set's size, which is not checked here. Its bytes must not change
   * until it is packed. Resolves as `add` does.
   */
  addEncoded({ identity, image, bytes }: Packed): Promise<void> {
    return this.#take(identity, image, async () => bytes);
  }

  async #take(identity: number, image: number, encode: () => Promise<Uint8Array>): Promise<void> {
    const key = sampleKey(identity, image);
    if (this.#keys.has(key)) throw invalid(`sample ${key} was added twice`, { identity, image });
    this.#keys.add(key);
    this.#identities.add(identity);
    const encoded = encode();
    const before = this.#last;
    this.#last = encoded.then(async (bytes) => {
      await before;
      await this.#append(key, bytes, Buffer.from(`${identity}`));
    });
    this.#last.catch(() => {}); // The next call that awaits it reports the error.
    this.#pending.push(this.#last);
    if (this.#pending.length > window) await this.#pending.shift();
  }

  /** Closes the last shard. @returns entries of all shards, for a manifest that the caller writes */
  async files(): Promise<FileEntry[]> {
    await this.#last;
    await this.#flush();
    return [...this.#shards];
  }

  /**
   * Stores the dataset's manifest; `meta` gets `identities`, `images`, `height` and `width` added.
   *
   * @throws CemiflowError `ArtifactInvalid`
   */
  async finish(meta: JsonObject & { readonly peopleShown: PeopleShown }): Promise<ArtifactRef> {
    const files = await this.files();
    return datasetCodec.write(this.#store, { ...meta, ...this.counts() }, files);
  }

  /** What has been added so far, as a dataset's `meta` states it. */
  counts(): { identities: number; images: number; height: number; width: number } {
    const { height, width } = this.#options;
    return { identities: this.#identities.size, images: this.#keys.size, height, width };
  }

  async #append(key: string, image: Uint8Array, label: Buffer): Promise<void> {
    const kind = imageKind(image);
    if (kind === undefined) throw invalid(`sample ${key} must be a PNG, JPEG or WebP file`, { sample: key });
    const size = tarEntrySize(image.length) + tarEntrySize(label.length);
    if (this.#bytes + size + tarEnd.length > this.#options.shardBytes) await this.#flush();
    const cls = encodeTarEntry({ path: `${key}.cls`, bytes: label });
    this.#parts.push(encodeTarEntry({ path: `${key}.${kind}`, bytes: image }), cls);
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

const sampleKey = (identity: number, image: number): string => {
  for (const [name, value] of Object.entries({ identity, image })) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31) {
      throw invalid(`${name} must be a whole number from 0 below 2^31, got ${value}`, { name });
    }
  }
  return `${digits(identity, 6)}/${digits(image, 4)}`;
};
