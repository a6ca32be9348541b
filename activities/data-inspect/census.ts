import type { Census } from '../../artifacts/inspection.ts';
import { type Packed, unpackShard, window } from '../../artifacts/shards.ts';
import type { StageContext } from '../../core/stage.ts';
import { imageHashes } from '../../data/intake/image-hashes.ts';
import { decodeImage } from '../../formats/image.ts';
import type { InspectedSet } from './sets.ts';

/** A census, and where its images lie. */
export interface Counted extends Census {
  /** For each shard the row after its last image. */
  readonly shardEnds: readonly number[];
}

/** Reads every image of a set, shard by shard. @throws CemiflowError `DatasetInvalid`, `ImageInvalid`, and the store's */
export const takeCensus = async (
  { label, set, shards }: InspectedSet,
  { store, progress }: Pick<StageContext, 'store' | 'progress'>,
): Promise<Counted> => {
  const rows = new Rows();
  const shardEnds: number[] = [];
  for (const [i, { digest, path }] of shards.entries()) {
    const packed = unpackShard(await store.getBlob(digest), path);
    for (let from = 0; from < packed.length; from += window) {
      const some = packed.slice(from, from + window);
      const hashes = await Promise.all(some.map(hashesOf));
      some.forEach(({ identity, image }, k) => {
        rows.add(identity, image, hashes[k] as Int32Array);
      });
    }
    shardEnds.push(rows.count);
    await progress({ phase: `read ${label}${set ? `, ${set}` : ''}`, step: i + 1, steps: shards.length });
  }
  return { ...rows.census(), shardEnds };
};

const hashesOf = async ({ bytes }: Packed): Promise<Int32Array> =>
  imageHashes(bytes, (await decodeImage(bytes)).pixels);

/** Columns that grow. */
class Rows {
  #identity = new Int32Array(1024);
  #image = new Int32Array(1024);
  #hashes = new Int32Array(4 * 1024);
  count = 0;

  add(identity: number, image: number, hashes: Int32Array): void {
    if (this.count === this.#identity.length) {
      this.#identity = grown(this.#identity);
      this.#image = grown(this.#image);
      this.#hashes = grown(this.#hashes);
    }
    this.#identity[this.count] = identity;
    this.#image[this.count] = image;
    this.#hashes.set(hashes, 4 * this.count);
    this.count++;
  }

  census(): Census {
    return {
      identity: this.#identity.slice(0, this.count),
      image: this.#image.slice(0, this.count),
      hashes: this.#hashes.slice(0, 4 * this.count),
    };
  }
}

const grown = (values: Int32Array): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(2 * values.length);
  larger.set(values);
  return larger;
};
