import type { Images } from '../data/images.ts';
import type { CopyRecipe } from '../data/loader/copies.ts';
import { readScratch, type ScratchFile } from '../threads/scratch.ts';
import type { InputContext } from './input.ts';
import type { Embedder } from './recognizer.ts';

export interface BlockOptions {
  /** What is done, for people. */
  readonly phase: string;
  /** int32, which images, in this order; default all */
  readonly rows?: Int32Array;
  /**
   * Images whose embeddings are in memory at once: whole batches of the embedder, so that embeddings do not depend on it. Default
   * 8,192, of which embeddings of 512 take 16 MiB.
   */
  readonly blockImages?: number;
}

/**
 * Embeds a set block by block, so that memory does not grow with the set.
 *
 * @param take gets the rows of a block, and float32 [rows, D], unit rows
 */
export const embedBlocks = async (
  embedder: Pick<Embedder, 'embed'>,
  set: Images,
  input: InputContext<CopyRecipe>,
  { phase, rows = Int32Array.from({ length: set.count }, (_, row) => row), blockImages = 8192 }: BlockOptions,
  take: (rows: Int32Array, embeddings: Float32Array) => Promise<void> | void,
): Promise<void> => {
  const blocks = Math.ceil(rows.length / blockImages);
  for (let block = 0; block < blocks; block++) {
    const held = rows.slice(block * blockImages, (block + 1) * blockImages);
    const name = blocks > 1 ? `${phase}, block ${block + 1} of ${blocks}` : phase;
    await take(held, await embedder.embed(set, input, { phase: name, rows: held }));
  }
};

/** Blocks of embeddings that are needed again: the first in memory, and those after it on disk. */
export class KeptBlocks {
  readonly #input: Pick<InputContext<CopyRecipe>, 'scratch'>;
  #first: { readonly rows: Int32Array; readonly embeddings: Float32Array } | undefined;
  #file: ScratchFile | undefined;
  readonly #onDisk: { readonly rows: Int32Array; readonly from: number; readonly length: number }[] = [];

  /** @param input whose scratch files are used */
  constructor(input: Pick<InputContext<CopyRecipe>, 'scratch'>) {
    this.#input = input;
  }

  async add(rows: Int32Array, embeddings: Float32Array): Promise<void> {
    if (this.#first === undefined) {
      this.#first = { rows, embeddings };
      return;
    }
    this.#file ??= await this.#input.scratch.file();
    const { buffer, byteOffset, byteLength, length } = embeddings;
    this.#onDisk.push({ rows, length, from: await this.#file.append(new Uint8Array(buffer, byteOffset, byteLength)) });
  }

  /** All blocks, in the order in which they were added. */
  *each(): Generator<{ readonly rows: Int32Array; readonly embeddings: Float32Array }> {
    if (this.#first) yield this.#first;
    for (const { rows, from, length } of this.#onDisk) {
      const embeddings = new Float32Array(length);
      readScratch((this.#file as ScratchFile).path, from, new Uint8Array(embeddings.buffer));
      yield { rows, embeddings };
    }
  }
}
