import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { inquiriesCodec, inquiriesWithoutImages } from '../../artifacts/codecs/inquiries.ts';
import { datasetInvalid } from '../../artifacts/invalid.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { Scratch, ScratchFile } from '../../threads/scratch.ts';
import type { Chunk, ImageSet } from '../images.ts';
import { type DecodeJob, decodeAll } from './decode.ts';

export interface LoadOptions {
  /** Decodes images; default: this thread. */
  readonly decode?: (job: DecodeJob) => Promise<void>;
  /**
   * Memory for images; default half of the free memory. Images that do not fit stay packed and are decoded at each use: in memory as
   * far as they fit, else on disk. Pixels are the same either way.
   */
  readonly budgetBytes?: number;
  /** Where images go that do not fit; without it they stay in memory as long as there is any. */
  readonly scratch?: Scratch;
  /** Called after each shard. */
  readonly progress?: (done: number, shards: number) => Promise<void>;
}

/** Images of one decoding job, and of one buffer of pixels. */
const chunkImages = 512;

/**
 * Loads a dataset, or the images of inquiries, whole.
 *
 * @throws CemiflowError `ArtifactInvalid`, `InquiriesWithoutImages`, and as `loadImages`
 */
export const loadDataset = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  options: LoadOptions = {},
): Promise<ImageSet> => {
  if (ref.type !== 'inquiries') {
    const { meta, files } = await datasetCodec.read(store, ref);
    return loadImages(store, shardsOf(files), meta, options);
  }
  const { meta, files } = await inquiriesCodec.read(store, ref);
  const { height, width, images } = meta;
  if (height === undefined || width === undefined)
    throw inquiriesWithoutImages(ref, meta, 'give inquiries that inquiry/select chose among images');
  return loadImages(store, shardsOf(files), { height, width, images }, options);
};

/**
 * Loads shards whole.
 *
 * @param size in pixels, and, where known, the number of images in the shards together
 * @throws CemiflowError `DatasetInvalid`, `ImageInvalid`, `DatasetTooLarge`
 */
export const loadImages = async (
  store: ArtifactStore,
  shards: readonly FileEntry[],
  { height, width, images: stated }: { readonly height: number; readonly width: number; readonly images?: number },
  { decode = decodeAll, budgetBytes = process.availableMemory() / 2, scratch, progress }: LoadOptions = {},
): Promise<ImageSet> => {
  const imageBytes = height * width * 3;
  let packedBytes = shards.reduce((sum, { bytes }) => sum + bytes, 0);
  let usedBytes = 0;
  if (!scratch) refuseTooLarge(packedBytes);
  let file: ScratchFile | undefined;
  const chunks: Chunk[] = [];
  const identities = new Numbers();
  const numbers = new Numbers();
  let decoding: Promise<unknown> = Promise.resolve();
  for (const [done, entry] of shards.entries()) {
    const shard = await readShard(store, entry);
    // Fetch one shard ahead while this one is decoded.
    await decoding;
    const first = identities.length;
    identities.push(shard.identities);
    numbers.push(shard.images);
    const decodedBytes = shard.identities.length * imageBytes;
    packedBytes -= entry.bytes;
    if (
      (decodedBytes <= entry.bytes && usedBytes + decodedBytes <= budgetBytes) ||
      usedBytes + decodedBytes + packedBytes <= budgetBytes
    ) {
      usedBytes += decodedBytes;
      decoding = decodeShard(shard, first, { height, width }, chunks, decode);
      // It is awaited above, or below.
      decoding.catch(() => {});
    } else {
      const { blob, spans } = shard;
      const count = shard.identities.length;
      if (scratch === undefined || usedBytes + entry.bytes <= budgetBytes) {
        usedBytes += entry.bytes;
        chunks.push({ first, count, packed: { bytes: shareable(blob), spans } });
      } else {
        file ??= await scratch.file();
        chunks.push({ first, count, stored: { path: file.path, from: await file.append(blob), spans } });
      }
    }
    await progress?.(done + 1, shards.length);
  }
  await decoding;
  const count = identities.length;
  if (count === 0) throw datasetInvalid('a dataset must hold images', { images: count });
  if (stated !== undefined && stated !== count) {
    throw datasetInvalid(`the manifest states ${plural(stated, 'image')}, the shards hold ${count}`, {
      stated,
      found: count,
    });
  }
  const owners = identities.all();
  const images = numbers.all();
  return { count, height, width, chunks, identities: owners, images, ...denseLabels(owners) };
};

interface Shard {
  readonly blob: Uint8Array;
  /** As in `PackedImages`, from the beginning of the blob. */
  readonly spans: Uint32Array;
  readonly identities: readonly number[];
  readonly images: readonly number[];
}

const readShard = async (store: ArtifactStore, { digest, path }: FileEntry): Promise<Shard> => {
  const blob = await store.getBlob(digest);
  const samples = unpackShard(blob, path);
  const spans = new Uint32Array(2 * samples.length);
  for (const [i, { bytes }] of samples.entries()) {
    const begin = bytes.byteOffset - blob.byteOffset;
    spans.set([begin, begin + bytes.length], 2 * i);
  }
  return {
    blob,
    spans,
    identities: samples.map(({ identity }) => identity),
    images: samples.map(({ image }) => image),
  };
};

/** A copy that threads share. Only of shards that stay in memory: what goes to disk would leave as much again to collect. */
const shareable = (blob: Uint8Array): SharedArrayBuffer => {
  const bytes = allocate(blob.length);
  new Uint8Array(bytes).set(blob);
  return bytes;
};

/** Adds the shard's chunks immediately; their pixels are valid once the promise resolves. */
const decodeShard = (
  { blob, spans, identities }: Shard,
  first: number,
  { height, width }: { height: number; width: number },
  chunks: Chunk[],
  decode: (job: DecodeJob) => Promise<void>,
): Promise<unknown> => {
  const jobs: Promise<void>[] = [];
  const bytes = shareable(blob);
  for (let from = 0; from < identities.length; from += chunkImages) {
    const count = Math.min(chunkImages, identities.length - from);
    const pixels = allocate(count * height * width * 3);
    chunks.push({ first: first + from, count, pixels });
    const packed = { bytes, spans: spans.slice(2 * from, 2 * (from + count)) };
    jobs.push(decode({ packed, height, width, into: pixels }));
  }
  return Promise.all(jobs);
};

/** Numbers that come shard by shard: 4 bytes each. */
class Numbers {
  readonly #parts: Int32Array[] = [];
  length = 0;

  push(part: readonly number[]): void {
    this.#parts.push(Int32Array.from(part));
    this.length += part.length;
  }

  all(): Int32Array {
    const all = new Int32Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

const denseLabels = (identities: Int32Array): { labels: Int32Array; classes: number } => {
  const classOf = new Map([...new Set(identities)].sort((a, b) => a - b).map((identity, i) => [identity, i]));
  return { labels: identities.map((identity) => classOf.get(identity) as number), classes: classOf.size };
};

const refuseTooLarge = (bytes: number): void => {
  const free = process.availableMemory();
  if (bytes > free) throw tooLarge(bytes, `${gib(free)} are free`);
};

const allocate = (bytes: number): SharedArrayBuffer => {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw tooLarge(bytes, 'there is no room for them', cause);
  }
};

const tooLarge = (bytes: number, why: string, cause?: unknown): CemiflowError =>
  new CemiflowError('DatasetTooLarge', `images need ${gib(bytes)} of memory, ${why}`, {
    remedy: 'run the stage on a machine with more memory, or take a smaller set or smaller images',
    data: { bytes },
    cause,
  });

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
