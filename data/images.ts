import { datasetInvalid } from '../artifacts/invalid.ts';
import { decodeImage } from '../formats/image.ts';
import { readScratch } from '../threads/scratch.ts';

/** Images in buffers that threads share: each is uint8 RGB [H, W, 3]. No buffer holds more than a shard. */
export interface Images {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** In order, without gaps. */
  readonly chunks: readonly Chunk[];
}

/** Images `first` … `first + count − 1`: decoded, or as files where memory is too small for all, in memory or on disk. */
export type Chunk = DecodedChunk | PackedChunk | StoredChunk;

export interface DecodedChunk {
  readonly first: number;
  readonly count: number;
  /** uint8 [count, H, W, 3] */
  readonly pixels: SharedArrayBuffer;
}

export interface PackedChunk {
  readonly first: number;
  readonly count: number;
  readonly packed: PackedImages;
}

export interface StoredChunk {
  readonly first: number;
  readonly count: number;
  readonly stored: StoredImages;
}

/** Image files on disk, one after another. */
export interface StoredImages {
  readonly path: string;
  /** Byte of the file from which `spans` count. */
  readonly from: number;
  /** uint32 [N, 2], first byte and byte after the last of each image */
  readonly spans: Uint32Array;
}

/** Image files packed as in a shard. */
export interface PackedImages {
  readonly bytes: SharedArrayBuffer;
  /** uint32 [N, 2], first byte and byte after the last of each file */
  readonly spans: Uint32Array;
}

/** A dataset in memory, samples in shard order. */
export interface ImageSet extends Images {
  /** int32 [N], dense classes 0…C-1 in ascending order of identity */
  readonly labels: Int32Array;
  /** int32 [N], the identities as the dataset numbers them */
  readonly identities: Int32Array;
  /** int32 [N], the image's number within its identity */
  readonly images: Int32Array;
  readonly classes: number;
}

/** Two sets of one size as one: the images of the second behind those of the first, and its people as further classes. */
export const joinImages = (first: ImageSet, second: ImageSet): ImageSet => {
  const both = (name: 'identities' | 'images'): Int32Array => Int32Array.from([...first[name], ...second[name]]);
  return {
    ...first,
    count: first.count + second.count,
    chunks: [...first.chunks, ...second.chunks.map((chunk) => ({ ...chunk, first: chunk.first + first.count }))],
    labels: Int32Array.from([...first.labels, ...second.labels.map((label) => label + first.classes)]),
    identities: both('identities'),
    images: both('images'),
    classes: first.classes + second.classes,
  };
};

/** Rows of generated images: from image number `generatedImages` on there are oversampled copies of the inquiry image. */
export const generatedRows = ({ images }: Pick<ImageSet, 'images'>, generatedImages: unknown): Int32Array => {
  const limit = typeof generatedImages === 'number' ? generatedImages : Number.POSITIVE_INFINITY;
  return Int32Array.from(images, (_, row) => row).filter((row) => (images[row] as number) < limit);
};

/** Of some rows, the first of each class. @param rows int32, rows of the set @param count at most so many of a class */
export const firstOfEach = (
  { labels, classes }: Pick<ImageSet, 'labels' | 'classes'>,
  rows: Int32Array,
  count: number,
): Int32Array => {
  const taken = new Int32Array(classes);
  return rows.filter((row) => {
    const label = labels[row] as number;
    taken[label] = (taken[label] as number) + 1;
    return (taken[label] as number) <= count;
  });
};

/** Pixels of image `index`, uint8 RGB [H, W, 3]: a view if already decoded, otherwise a promise. */
export const pixelsOf = (images: Images, index: number): Uint8Array | Promise<Uint8Array> => {
  const chunk = chunkOf(images, index);
  const size = images.height * images.width * 3;
  const at = index - chunk.first;
  if ('pixels' in chunk) return new Uint8Array(chunk.pixels, at * size, size);
  return 'packed' in chunk ? decodePacked(chunk.packed, at, images) : decodeStored(chunk.stored, at, images);
};

const decodeStored = async ({ path, from, spans }: StoredImages, at: number, size: Size): Promise<Uint8Array> => {
  const begin = spans[2 * at] as number;
  const file = new Uint8Array((spans[2 * at + 1] as number) - begin);
  readScratch(path, from + begin, file);
  return decodeAs(file, size);
};

/** @throws CemiflowError `ImageInvalid`, and `DatasetInvalid` where the image is of another size */
export const decodePacked = async ({ bytes, spans }: PackedImages, at: number, size: Size): Promise<Uint8Array> => {
  const begin = spans[2 * at] as number;
  // A copy: the decoder's library does not expect memory that others may write.
  return decodeAs(new Uint8Array(new Uint8Array(bytes, begin, (spans[2 * at + 1] as number) - begin)), size);
};

interface Size {
  readonly height: number;
  readonly width: number;
}

const decodeAs = async (file: Uint8Array, { height, width }: Size): Promise<Uint8Array> => {
  const image = await decodeImage(file);
  if (image.height === height && image.width === width) return image.pixels;
  throw datasetInvalid(`images must be ${height} × ${width}, one is ${image.height} × ${image.width}`, {
    height,
    width,
  });
};

const chunkOf = ({ chunks, count }: Images, index: number): Chunk => {
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((chunks[middle] as Chunk).first <= index) low = middle;
    else high = middle - 1;
  }
  const chunk = chunks[low];
  if (chunk && index >= chunk.first && index < chunk.first + chunk.count) return chunk;
  throw new RangeError(`image ${index} of ${count}`);
};
