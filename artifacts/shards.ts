import type { ArtifactRef, FileEntry } from '../core/artifact.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { decodeImage } from '../formats/image.ts';
import { digits, type EncodedSample } from '../formats/sample.ts';
import { decodeTar } from '../formats/tar.ts';
import { datasetInvalid as invalid } from './invalid.ts';

/** One image of one identity. `pixels` is uint8 RGB [height, width, 3]. */
export interface Sample {
  readonly identity: number;
  readonly image: number;
  readonly pixels: Uint8Array;
}

/** Images that are encoded or decoded at a time. */
export const window = 16;

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

/** A sample as it lies in a shard: the image is the file that came in, to the byte. */
export type Packed = EncodedSample;
type Decoded = Sample & { readonly height: number; readonly width: number };

const startDecoding = ({ identity, image, bytes }: Packed): Promise<Decoded> => {
  const decoded = decodeImage(bytes).then((pixels) => ({ identity, image, ...pixels }));
  decoded.catch(() => {}); // Awaited in turn, unless the reader has stopped.
  return decoded;
};

/** The samples of a shard, images as views into it. @param path for messages @throws CemiflowError `DatasetInvalid`, `TarInvalid` */
export const unpackShard = (shard: Uint8Array, path: string): Packed[] => {
  const files = new Map(decodeTar(shard).map((entry) => [entry.path, entry.bytes]));
  const samples: Packed[] = [];
  for (const [name, bytes] of files) {
    const [, key, imageDigits] = sampleName.exec(name) ?? [];
    if (!key) continue;
    const label = files.get(`${key}.cls`);
    const text = Buffer.from(label ?? []).toString();
    if (!/^\d{1,10}$/.test(text)) throw invalid(`${path}: ${key}.cls must hold the identity in digits`, { path, key });
    samples.push({ identity: Number(text), image: Number(imageDigits), bytes });
  }
  if (samples.length * 2 !== files.size)
    throw invalid(`${path} must hold pairs of an image and its .cls alone`, { path });
  return samples;
};

/** Number of the image among those of its identity; undefined for a file of a shard that is no image. */
export const imageNumberOf = (name: string): number | undefined => {
  const digitsOf = sampleName.exec(name)?.[2];
  return digitsOf === undefined ? undefined : Number(digitsOf);
};

const sampleName = /^(\d+\/(\d+))\.(?:png|jpg|webp)$/;
