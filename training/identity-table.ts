import type { CheckpointArray } from '../core/checkpoint.ts';
import type { ImageSet } from '../data/images.ts';
import type { CopyRecipe } from '../data/loader/copies.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import type { InputContext } from './input.ts';
import { Embedder, type EmbedderOptions, type LoadedRecognizer } from './recognizer.ts';

/**
 * The embedding of every image of a dataset by a frozen recognizer, and with `mirrored` that of every mirror image.
 * Checkpoints keep it: for a large set this takes hours, and another attempt need not do it again.
 */
export class IdentityTable {
  /** Length of an embedding. */
  readonly size: number;
  readonly #plain: Float32Array;
  readonly #mirrored?: Float32Array;

  constructor(size: number, plain: Float32Array, mirrored?: Float32Array) {
    this.size = size;
    this.#plain = plain;
    this.#mirrored = mirrored;
  }

  static async of(
    input: InputContext<CopyRecipe>,
    data: ImageSet,
    recognizer: LoadedRecognizer,
    { mirrored, precision }: PrecisionOption & { readonly mirrored: boolean },
  ): Promise<IdentityTable> {
    const plain = await embedAll(input, data, recognizer, { view: 'plain', precision });
    const { embedding } = recognizer.config;
    return new IdentityTable(
      embedding,
      plain,
      mirrored ? await embedAll(input, data, recognizer, { view: 'mirrored', precision }) : undefined,
    );
  }

  /** @returns float32 [D], a unit row: that of the mirror image where this is wanted */
  at(row: number, mirrored = false): Float32Array {
    const table = mirrored ? this.#mirrored : this.#plain;
    if (!table) throw new Error('this table holds no embeddings of mirror images');
    return table.subarray(row * this.size, (row + 1) * this.size);
  }
}

const embedAll = async (
  input: InputContext<CopyRecipe>,
  data: ImageSet,
  recognizer: LoadedRecognizer,
  options: EmbedderOptions,
): Promise<Float32Array> => {
  const { embedding } = recognizer.config;
  const { rows } = await input.checkpoints.keep(`identity ${options.view}`, async () => {
    const into = new Float32Array(data.count * embedding);
    const embedder = new Embedder(recognizer, options);
    try {
      await embedder.embed(data, input, { phase: options.view === 'plain' ? 'embed' : 'embed mirrored', into });
    } finally {
      embedder.dispose();
    }
    return { rows: { dtype: 'float32', shape: [data.count, embedding], data: into } };
  });
  return (rows as CheckpointArray).data as Float32Array;
};
