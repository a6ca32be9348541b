import { createHash } from 'node:crypto';
import type { Digest } from '../../core/digest.ts';
import type { Images } from '../../data/images.ts';
import type { Embedder } from '../../training/recognizer.ts';

/**
 * Embeddings that evaluations of one worker have in common: the sets of a grid are searched in the same gallery, beside the same
 * strangers, so that each worker embeds these once. What was used last stays.
 */
export class Remembered {
  readonly #limitBytes: number;
  /** In order of use, the latest last. */
  readonly #kept = new Map<string, Float32Array>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** @param name all that the embeddings depend on @returns not to be written to: others get the same */
  async get(name: string, make: () => Promise<Float32Array>): Promise<Float32Array> {
    const found = this.#kept.get(name) ?? (await make());
    if (this.#kept.delete(name)) this.#bytes -= found.byteLength;
    this.#kept.set(name, found);
    this.#bytes += found.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
    return found;
  }
}

/** What embeds images: a recognizer, or a memory before it. */
export type Embeds = Pick<Embedder, 'size' | 'embed'>;

/**
 * An embedder that asks the memory first. The same rows of a set are embedded in the same batches, so that its answers are those
 * of the embedder to the last bit.
 *
 * @param names.space recognizer, view and precision @param names.sets digests of the sets that are going to be embedded
 */
export const remembering = (
  embedder: Embeds,
  remembered: Remembered,
  names: { readonly space: string; readonly sets: ReadonlyMap<Images, Digest> },
): Embeds => ({
  size: embedder.size,
  embed: (set, input, options) => {
    const digest = names.sets.get(set);
    if (!digest || !options?.rows || options.into) return embedder.embed(set, input, options);
    const rows = createHash('sha256').update(options.rows).digest('hex');
    return remembered.get(`${names.space} ${digest} ${rows}`, () => embedder.embed(set, input, options));
  },
});
