import type { CheckpointArray } from '../core/checkpoint.ts';
import type { ImageSet } from '../data/images.ts';
import type { CopyRecipe } from '../data/loader/copies.ts';
import type { PrecisionOption } from '../nn/compile/precision.ts';
import { readScratch } from '../threads/scratch.ts';
import type { InputContext } from './input.ts';
import { Embedder, type EmbedderOptions, type LoadedRecognizer } from './recognizer.ts';

/**
 * The embedding of every image of a dataset by a frozen recognizer, and with `mirrored` that of every mirror image.
 * Checkpoints keep it: for a large set this takes hours, and another attempt need not do it again.
 */
export class IdentityTable {
  /** Length of an embedding. */
  readonly size: number;
  readonly #plain: Rows;
  readonly #mirrored?: Rows;

  constructor(size: number, plain: Rows, mirrored?: Rows) {
    this.size = size;
    this.#plain = plain;
    this.#mirrored = mirrored;
  }

  static async of(
    input: InputContext<CopyRecipe>,
    data: ImageSet,
    recognizer: LoadedRecognizer,
    { mirrored, ...options }: PrecisionOption & { readonly mirrored: boolean; readonly rowsOfBlock?: number },
  ): Promise<IdentityTable> {
    const plain = await embedAll(input, data, recognizer, { view: 'plain', ...options });
    const { embedding } = recognizer.config;
    return new IdentityTable(
      embedding,
      plain,
      mirrored ? await embedAll(input, data, recognizer, { view: 'mirrored', ...options }) : undefined,
    );
  }

  /** @returns float32 [D], a unit row: that of the mirror image where this is wanted */
  at(row: number, mirrored = false): Float32Array {
    const table = mirrored ? this.#mirrored : this.#plain;
    if (!table) throw new Error('this table holds no embeddings of mirror images');
    return table instanceof Float32Array
      ? table.subarray(row * this.size, (row + 1) * this.size)
      : rowOnDisk(table, row, this.size);
  }
}

/** float32 [N, D], in memory or, for sets of more than `blockRows` images, on disk */
export type Rows = Float32Array | { readonly path: string };

/** Images of one block of a table on disk: 128 MB of embeddings of 512. */
const blockRows = 65_536;

const rowOnDisk = ({ path }: { readonly path: string }, row: number, size: number): Float32Array => {
  const values = new Float32Array(size);
  readScratch(path, row * values.byteLength, new Uint8Array(values.buffer));
  return values;
};

/** Blocks are kept one by one, so that another attempt embeds only those that are missing. */
const embedAll = async (
  input: InputContext<CopyRecipe>,
  data: ImageSet,
  recognizer: LoadedRecognizer,
  { rowsOfBlock = blockRows, ...options }: EmbedderOptions & { readonly rowsOfBlock?: number },
): Promise<Rows> => {
  const name = `identity ${options.view}`;
  const phase = options.view === 'plain' ? 'embed' : 'embed mirrored';
  const every = Int32Array.from({ length: data.count }, (_, row) => row);
  let embedder: Embedder | undefined;
  const block = async (key: string, rows: Int32Array): Promise<Float32Array> => {
    const kept = await input.checkpoints.keep(key, async () => {
      embedder ??= new Embedder(recognizer, options);
      const embedded = await embedder.embed(data, input, { phase, rows });
      return { rows: { dtype: 'float32', shape: [rows.length, embedder.size], data: embedded } };
    });
    return (kept.rows as CheckpointArray).data as Float32Array;
  };
  try {
    if (data.count <= rowsOfBlock) return await block(name, every);
    const file = await input.scratch.file();
    for (let from = 0; from < data.count; from += rowsOfBlock) {
      const rows = await block(`${name} ${from}`, every.subarray(from, from + rowsOfBlock));
      await file.append(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    }
    return { path: file.path };
  } finally {
    embedder?.dispose();
  }
};
