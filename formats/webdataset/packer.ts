import { extensionOf } from '../image-kind.ts';
import { type EncodedSample, sampleName } from '../sample.ts';
import { encodeTarEntry, tarEnd, tarEntrySize } from '../tar.ts';

/**
 * Packs samples into WebDataset shards, `IIIIII/JJJJ.jpg` (`.png`, `.webp`) and `IIIIII/JJJJ.cls`, the identity in digits. Whoever
 * packs closes a shard that the next sample does not fit into: shards are then cut by size alone, and equal samples in equal order
 * give equal bytes. One shard is in memory.
 */
export class ShardPacker {
  readonly #shardBytes: number;
  #parts: Buffer[] = [];
  #bytes = tarEnd.length;

  /** @param shardBytes most bytes of a shard, unless one sample needs more */
  constructor(shardBytes: number) {
    this.#shardBytes = shardBytes;
  }

  fits(imageBytes: number): boolean {
    return this.#bytes + sampleSize(imageBytes) <= this.#shardBytes;
  }

  /** @throws CemiflowError `ImageInvalid` for bytes that are no image */
  add(sample: EncodedSample): void {
    const { identity, bytes } = sample;
    const name = sampleName(sample);
    this.#parts.push(
      encodeTarEntry({ path: `${name}.${extensionOf(bytes)}`, bytes }),
      encodeTarEntry({ path: `${name}.cls`, bytes: Buffer.from(`${identity}`) }),
    );
    this.#bytes += sampleSize(bytes.length);
  }

  /** Ends the shard and begins another. @returns undefined where it holds nothing */
  close(): Buffer | undefined {
    if (this.#parts.length === 0) return undefined;
    const shard = Buffer.concat([...this.#parts, tarEnd]);
    this.#parts = [];
    this.#bytes = tarEnd.length;
    return shard;
  }
}

/** Bytes of a sample in a shard: of its image, and of a label that fills one block. */
const sampleSize = (imageBytes: number): number => tarEntrySize(imageBytes) + tarEntrySize(1);
