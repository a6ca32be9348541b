import type { Matches } from '../../artifacts/inspection.ts';
import { generatedRows, type ImageSet } from '../../data/images.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { unitRows } from '../../metrics/centers.ts';
import { searchCosines } from '../../nn/cosine-search.ts';
import type { InputContext } from '../../training/input.ts';
import type { Embedder } from '../../training/recognizer.ts';
import { MatchFinder, type Wanted } from './matches.ts';

type Input = InputContext<CopyRecipe>;
type Embeds = Pick<Embedder, 'size' | 'embed'>;

/** Centers of one matrix product: bounds its memory at 16 million cosines. */
const blockCenters = 4096;
/** Images whose embeddings are in memory at once: whole batches of the embedder. */
const blockImages = 8192;

/** Identities of a set, each by the mean of its embeddings. */
export interface People {
  /** int32 [S], ascending */
  readonly identities: Int32Array;
  /** float32 [S, D], unit rows */
  readonly centers: Float32Array;
}

/** A set that is going to be embedded. */
export interface ToEmbed {
  readonly images: ImageSet;
  /** From this image number on there are copies of the inquiry image. */
  readonly generatedImages?: number;
  /** What is done, for people. */
  readonly phase: string;
}

/** All centers of a set in memory. */
export const centersOf = async (embedder: Embeds, set: ToEmbed, input: Input): Promise<People> => {
  const { classes } = set.images;
  const identities = new Int32Array(classes);
  const centers = new Float32Array(classes * embedder.size);
  let count = 0;
  for await (const block of centerBlocks(embedder, set, input)) {
    identities.set(block.identities, count);
    centers.set(block.centers, count * embedder.size);
    count += block.identities.length;
  }
  return { identities: identities.slice(0, count), centers: centers.subarray(0, count * embedder.size) };
};

/** Finds identities of a set that look like one person, every one compared with every other. */
export const matchesWithin = async (
  { identities, centers }: People,
  size: number,
  wanted: Wanted,
  input: Pick<Input, 'progress'>,
): Promise<Matches> => {
  const finder = new MatchFinder(identities, wanted);
  const blocks = Math.ceil(identities.length / blockCenters);
  for (let a = 0; a < blocks; a++) {
    for (let b = a; b < blocks; b++) {
      const found = searchCosines(blockOf(centers, a, size), blockOf(centers, b, size), size, finder.search(a === b));
      finder.takeOwn(a * blockCenters, b * blockCenters, found);
      await input.progress({ phase: 'compare people within the set', step: a + 1, steps: blocks });
    }
  }
  return finder.found();
};

/** Finds identities that look like one of another set, whose centers are in memory block by block. */
export const matchesBetween = async (
  embedder: Embeds,
  { identities, centers }: People,
  other: ToEmbed,
  wanted: Wanted,
  input: Input,
): Promise<Matches> => {
  const finder = new MatchFinder(identities, wanted);
  const { size } = embedder;
  const blocks = Math.ceil(identities.length / blockCenters);
  for await (const block of centerBlocks(embedder, other, input))
    for (let a = 0; a < blocks; a++) {
      const found = searchCosines(blockOf(centers, a, size), block.centers, size, finder.search(false));
      finder.take(a * blockCenters, found, block.identities);
      await input.progress({ phase: other.phase.replace(/^embed/, 'compare people with'), step: a + 1, steps: blocks });
    }
  return finder.found();
};

const blockOf = (centers: Float32Array, block: number, size: number): Float32Array =>
  centers.subarray(block * blockCenters * size, (block + 1) * blockCenters * size);

/** Centers in ascending order of identity. Images are embedded in that order, so that one identity's sum is in memory at a time. */
async function* centerBlocks(
  embedder: Embeds,
  { images, generatedImages, phase }: ToEmbed,
  input: Input,
): AsyncGenerator<People> {
  const { labels } = images;
  const rows = generatedRows(images, generatedImages);
  rows.sort((a, b) => (labels[a] as number) - (labels[b] as number) || a - b);
  const means = new Means(embedder.size);
  const blocks = Math.ceil(rows.length / blockImages);
  for (let block = 0; block < blocks; block++) {
    const held = rows.slice(block * blockImages, (block + 1) * blockImages);
    const name = blocks > 1 ? `${phase}, block ${block + 1} of ${blocks}` : phase;
    const embeddings = await embedder.embed(images, input, { phase: name, rows: held });
    for (const [i, row] of held.entries()) {
      means.add(images.identities[row] as number, embeddings, i);
      if (means.count === blockCenters) yield means.take();
    }
  }
  means.close();
  if (means.count > 0) yield means.take();
}

/** Means of embeddings that come identity by identity. */
class Means {
  readonly #size: number;
  readonly #sum: Float64Array;
  #current: number | undefined;
  #identities: number[] = [];
  #centers: Float32Array;

  constructor(size: number) {
    this.#size = size;
    this.#sum = new Float64Array(size);
    this.#centers = new Float32Array(blockCenters * size);
  }

  /** Means that are complete. */
  get count(): number {
    return this.#identities.length;
  }

  add(identity: number, embeddings: Float32Array, row: number): void {
    if (identity !== this.#current) this.close();
    this.#current = identity;
    for (let k = 0; k < this.#size; k++)
      this.#sum[k] = (this.#sum[k] as number) + (embeddings[row * this.#size + k] as number);
  }

  /** Completes the mean of the identity at hand. */
  close(): void {
    if (this.#current === undefined) return;
    this.#centers.set(this.#sum, this.#identities.length * this.#size);
    this.#identities.push(this.#current);
    this.#sum.fill(0);
    this.#current = undefined;
  }

  take(): People {
    const identities = Int32Array.from(this.#identities);
    const centers = unitRows(this.#centers.slice(0, identities.length * this.#size), this.#size);
    this.#identities = [];
    return { identities, centers };
  }
}
