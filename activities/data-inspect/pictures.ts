import { readFileOf } from '../../artifacts/codec.ts';
import { unpackShard } from '../../artifacts/shards.ts';
import type { FileEntry } from '../../core/artifact.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { decodeImage, encodePng, type Image } from '../../formats/image.ts';
import type { Overlap } from '../../metrics/inspection.ts';
import type { Counted } from './census.ts';
import { Index } from './photos.ts';
import type { InspectedSet } from './sets.ts';

/** A set whose images can be looked up. */
export interface Pictured {
  readonly set: InspectedSet;
  readonly census: Counted;
}

/** Images of each of two identities that are shown side by side. */
const shown = 3;

/** Rows of a pair's picture, on both sides of the gap. */
interface Strip {
  readonly path: string;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** Stores the pictures that the numbers name: one file for each pair. */
export const putPictures = async (
  store: ArtifactStore,
  left: Pictured,
  right: Pictured,
  overlap: Overlap,
): Promise<FileEntry[]> => {
  const strips = stripsOf(left.census, right.census, overlap);
  const images = {
    left: await imagesOf(
      store,
      left,
      strips.flatMap((strip) => strip.left),
    ),
    right: await imagesOf(
      store,
      right,
      strips.flatMap((strip) => strip.right),
    ),
  };
  const files: FileEntry[] = [];
  for (const { path, ...rows } of strips) {
    const side = (of: 'left' | 'right'): Image[] => rows[of].map((row) => images[of].get(row) as Image);
    files.push(await store.putFile(path, await drawStrip(side('left'), side('right')), 'image/png'));
  }
  return files;
};

const stripsOf = (left: Counted, right: Counted, { samePhoto, samePerson }: Overlap): Strip[] => {
  const pairs = [
    ...samePhoto.map((pair) => ({ ...pair, choose: sharedRows })),
    ...(samePerson?.listed ?? []).map((pair) => ({ ...pair, choose: firstRows })),
  ];
  const pictured = pairs.filter(({ picture }) => picture !== undefined);
  const lefts = rowsOf(left, new Set(pictured.map((pair) => pair.left.identity)));
  const rights = rowsOf(right, new Set(pictured.map((pair) => pair.right.identity)));
  return pictured.map(({ choose, picture, ...pair }) => {
    const rows = [lefts.get(pair.left.identity) ?? [], rights.get(pair.right.identity) ?? []] as const;
    const [a, b] = choose([left, rows[0]], [right, rows[1]]);
    return { path: picture as string, left: a, right: b };
  });
};

type Rows = readonly [census: Counted, rows: readonly number[]];
type Chosen = readonly [left: readonly number[], right: readonly number[]];

const firstRows = ([, left]: Rows, [, right]: Rows): Chosen => [left.slice(0, shown), right.slice(0, shown)];

/** The photos that both have, each beside its like. */
const sharedRows = ([a, left]: Rows, [b, right]: Rows): Chosen => {
  const hashes = Int32Array.from(right.flatMap((row) => [...b.hashes.subarray(4 * row, 4 * row + 4)]));
  const index = new Index(hashes, 2);
  const pairs = left.flatMap((row) => {
    const at = index.first(a.hashes, row);
    return at === -1 ? [] : [[row, right[at] as number] as const];
  });
  const few = pairs.slice(0, shown);
  return [few.map(([row]) => row), few.map(([, row]) => row)];
};

/** Rows of some identities. */
const rowsOf = ({ identity }: Counted, wanted: ReadonlySet<number>): Map<number, number[]> => {
  const rows = new Map<number, number[]>([...wanted].map((each) => [each, []]));
  for (const [row, each] of identity.entries()) rows.get(each)?.push(row);
  return rows;
};

/** Reads images by their rows: each shard that holds one of them once. */
const imagesOf = async (
  store: ArtifactStore,
  { set: { ref, shards }, census }: Pictured,
  rows: readonly number[],
): Promise<Map<number, Image>> => {
  const images = new Map<number, Image>();
  for (const [i, { path }] of shards.entries()) {
    const first = census.shardEnds[i - 1] ?? 0;
    const held = [...new Set(rows)].filter((row) => row >= first && row < (census.shardEnds[i] as number));
    if (held.length === 0) continue;
    const packed = await readFileOf(store, { ref, files: shards }, path, (bytes) => unpackShard(bytes, path));
    for (const row of held) images.set(row, await decodeImage((packed[row - first] as { bytes: Uint8Array }).bytes));
  }
  return images;
};

/** Images in a row, with a white gap between those of the one identity and those of the other. */
const drawStrip = (left: readonly Image[], right: readonly Image[]): Promise<Buffer> => {
  const all = [...left, ...right];
  const height = Math.max(...all.map((image) => image.height));
  const gap = Math.round((all[0] as Image).width / 4);
  const width = all.reduce((sum, image) => sum + image.width, gap);
  const pixels = new Uint8Array(height * width * 3).fill(255);
  let from = 0;
  for (const [i, image] of all.entries()) {
    if (i === left.length) from += gap;
    for (let y = 0; y < image.height; y++)
      pixels.set(image.pixels.subarray(y * image.width * 3, (y + 1) * image.width * 3), (y * width + from) * 3);
    from += image.width;
  }
  return encodePng(pixels, height, width);
};
