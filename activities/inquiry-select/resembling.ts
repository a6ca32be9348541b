import type { ComparedSet } from '../../artifacts/codecs/inquiries.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { Centers } from '../../metrics/centers.ts';
import { nearestRows } from '../../nn/nearest.ts';
import { embedBlocks, KeptBlocks } from '../../training/embed-blocks.ts';
import { type InputContext, loadSet } from '../../training/input.ts';
import type { Embedder } from '../../training/recognizer.ts';

/** A set of people whom no inquiry may resemble, as a spec gives it. */
export interface Against extends Pick<ComparedSet, 'maxSimilarity' | 'by'> {
  readonly data: ArtifactRef;
}

/** Rows that candidates are compared with, block by block. */
type Blocks = () => Iterable<Float32Array>;

/** Tells which candidates resemble people of other sets. Centres of identities are in memory, embeddings of images on disk. */
export class Resembling {
  readonly #sets: readonly { readonly maxSimilarity: number; readonly blocks: Blocks }[];
  readonly #size: number;

  private constructor(sets: readonly { readonly maxSimilarity: number; readonly blocks: Blocks }[], size: number) {
    this.#sets = sets;
    this.#size = size;
  }

  /** Embeds the sets. */
  static async of(
    against: readonly Against[],
    embedder: Embedder,
    input: InputContext<CopyRecipe>,
  ): Promise<Resembling> {
    const sets: { readonly maxSimilarity: number; readonly blocks: Blocks }[] = [];
    for (const [i, each] of against.entries()) {
      const phase = `embed the people of set ${i + 1} of ${against.length}`;
      sets.push({ maxSimilarity: each.maxSimilarity, blocks: await blocksOf(each, embedder, input, phase) });
    }
    return new Resembling(sets, embedder.size);
  }

  /**
   * @param embeddings float32 [N, D], unit rows
   * @returns int32 [N], the first set that has somebody more similar than its bound, otherwise -1
   */
  firstSets(embeddings: Float32Array): Int32Array {
    const found = new Int32Array(embeddings.length / this.#size).fill(-1);
    for (const [set, { maxSimilarity, blocks }] of this.#sets.entries())
      for (const rows of blocks()) {
        const { cosine } = nearestRows(embeddings, rows, this.#size);
        for (const [i, value] of cosine.entries()) if (value > maxSimilarity && found[i] === -1) found[i] = set;
      }
    return found;
  }
}

const blocksOf = async (
  { data, by }: Against,
  embedder: Embedder,
  input: InputContext<CopyRecipe>,
  phase: string,
): Promise<Blocks> => {
  const set = await loadSet(input, data);
  if (by === 'identities') {
    const centers = new Centers(set.classes, embedder.size);
    await embedBlocks(embedder, set, input, { phase }, (rows, embeddings) => centers.add(set.labels, rows, embeddings));
    const unit = centers.unit();
    return () => [unit];
  }
  const kept = new KeptBlocks(input);
  await embedBlocks(embedder, set, input, { phase }, (rows, embeddings) => kept.add(rows, embeddings));
  return function* () {
    for (const { embeddings } of kept.each()) yield embeddings;
  };
};
