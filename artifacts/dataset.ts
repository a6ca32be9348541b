import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { encodePng } from '../formats/image.ts';
import { imageKind } from '../formats/image-kind.ts';
import { sampleName } from '../formats/sample.ts';
import { ShardPacker } from '../formats/webdataset/packer.ts';
import { datasetCodec, type PeopleShown } from './codecs/dataset.ts';
import { datasetInvalid as invalid } from './invalid.ts';
import { type Packed, type Sample, shardPath, window } from './shards.ts';

const maxShardBytes = 64 * 2 ** 20;

export interface DatasetWriterOptions {
  /** Of every image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Folder of the shards inside the artifact; default none. */
  readonly prefix?: string;
  /** Most bytes of a shard; default 64 MiB. */
  readonly shardBytes?: number;
  /** Shards that are stored at a time while further ones are packed; default 1. Memory is that many shards, and two. */
  readonly uploads?: number;
  /** Where an earlier attempt stood: its shards, and how many images it has of each identity, numbered from 0. */
  readonly done?: { readonly shards: readonly FileEntry[]; readonly images: ReadonlyMap<number, number> };
}

/**
 * Packs samples into WebDataset shards in the order of `add` (see `ShardPacker`), and stores them.
 */
export class DatasetWriter {
  readonly #store: ArtifactStore;
  readonly #options: Required<Omit<DatasetWriterOptions, 'done' | 'shardBytes'>>;
  readonly #samples: SampleNumbers;
  readonly #packer: ShardPacker;
  readonly #shards: Promise<FileEntry>[];
  readonly #pending: Promise<void>[] = [];
  readonly #uploading = new Set<Promise<unknown>>();
  readonly #failures: unknown[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(store: ArtifactStore, { done, ...options }: DatasetWriterOptions) {
    const { height, width, prefix = '', shardBytes = maxShardBytes, uploads = 1 } = options;
    this.#store = store;
    this.#options = { height, width, prefix: prefix && `${prefix.replace(/\/$/, '')}/`, uploads };
    this.#packer = new ShardPacker(shardBytes);
    this.#samples = new SampleNumbers(done?.images);
    this.#shards = (done?.shards ?? []).map((shard) => Promise.resolve(shard));
  }

  /** Takes a copy of the pixels; resolves when there is room for the next sample. */
  add({ identity, image, pixels }: Sample): Promise<void> {
    const { height, width } = this.#options;
    return this.#take(identity, image, () => encodePng(new Uint8Array(pixels), height, width));
  }

  /**
   * Takes an image file as it is: a PNG, JPEG or WebP of the set's size, which is not checked here. Its bytes must not change
   * until it is packed. Resolves once it is.
   */
  async addEncoded({ identity, image, bytes }: Packed): Promise<void> {
    await this.#take(identity, image, async () => bytes);
    await this.#last;
  }

  /** Whether an encoded image goes into the shard that is being packed; else that shard is closed first. */
  fits(imageBytes: number): boolean {
    return this.#packer.fits(imageBytes);
  }

  /** The shards that are packed so far, once they are stored. The samples added since lie in none of them. */
  packed(): Promise<FileEntry[]> {
    return Promise.all(this.#shards);
  }

  async #take(identity: number, image: number, encode: () => Promise<Uint8Array>): Promise<void> {
    check({ identity, image });
    if (!this.#samples.add(identity, image))
      throw invalid(`sample ${sampleName({ identity, image })} was added twice`, { identity, image });
    const encoded = encode();
    const before = this.#last;
    this.#last = encoded.then(async (bytes) => {
      await before;
      await this.#append({ identity, image, bytes });
    });
    this.#last.catch(() => {}); // The next call that awaits it reports the error.
    this.#pending.push(this.#last);
    if (this.#pending.length > window) await this.#pending.shift();
  }

  /** Closes the last shard. @returns entries of all shards, for a manifest that the caller writes */
  async files(): Promise<FileEntry[]> {
    await this.#last;
    await this.#flush();
    return Promise.all(this.#shards);
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
    return { ...this.#samples.counts(), height, width };
  }

  async #append(sample: Packed): Promise<void> {
    if (imageKind(sample.bytes) === undefined) {
      const name = sampleName(sample);
      throw invalid(`sample ${name} must be a PNG, JPEG or WebP file`, { sample: name });
    }
    if (!this.fits(sample.bytes.length)) await this.#flush();
    this.#packer.add(sample);
  }

  async #flush(): Promise<void> {
    const shard = this.#packer.close();
    if (shard === undefined) return;
    const path = shardPath(this.#options.prefix, this.#shards.length);
    const stored = this.#store.putFile(path, shard, 'application/x-tar');
    this.#shards.push(stored);
    const upload = stored
      .then(
        () => {},
        (error) => void this.#failures.push(error),
      )
      .finally(() => this.#uploading.delete(upload));
    this.#uploading.add(upload);
    if (this.#uploading.size >= this.#options.uploads) await Promise.race(this.#uploading);
    // Not only at the end: nothing more should be packed for a store that is away.
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

/**
 * Which images there are of each identity. Those numbered from 0 on in order, as nearly all are, cost a number per identity alone.
 */
class SampleNumbers {
  readonly #next: Map<number, number>;
  readonly #others = new Map<number, Set<number>>();
  #images = 0;

  constructor(known: ReadonlyMap<number, number> = new Map()) {
    this.#next = new Map(known);
    for (const count of known.values()) this.#images += count;
  }

  /** @returns false where it is there already */
  add(identity: number, image: number): boolean {
    const next = this.#next.get(identity) ?? 0;
    const others = this.#others.get(identity);
    if (image < next || others?.has(image)) return false;
    this.#images++;
    if (image === next) this.#next.set(identity, next + 1);
    else {
      this.#next.set(identity, next);
      this.#others.set(identity, (others ?? new Set()).add(image));
    }
    return true;
  }

  counts(): { readonly identities: number; readonly images: number } {
    return { identities: this.#next.size, images: this.#images };
  }
}

const check = (numbers: { readonly identity: number; readonly image: number }): void => {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31) {
      throw invalid(`${name} must be a whole number from 0 below 2^31, got ${value}`, { name });
    }
  }
};
