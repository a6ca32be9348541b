import { digits, type EncodedSample } from '../sample.ts';
import { ShardPacker } from './packer.ts';

const defaultShardBytes = 64 * 2 ** 20;

/**
 * Shards for WebDataset, with the samples in their order (see `ShardPacker`).
 *
 * @param shardBytes most bytes of a shard, unless one sample needs more; default 64 MiB
 * @returns shards `000000.tar`, `000001.tar` …
 */
export async function* webdatasetShards(
  samples: AsyncIterable<EncodedSample> | Iterable<EncodedSample>,
  shardBytes = defaultShardBytes,
): AsyncGenerator<{ path: string; bytes: Buffer }> {
  const packer = new ShardPacker(shardBytes);
  let shards = 0;
  const closed = (): { path: string; bytes: Buffer }[] => {
    const bytes = packer.close();
    return bytes ? [{ path: `${digits(shards++, 6)}.tar`, bytes }] : [];
  };
  for await (const sample of samples) {
    if (!packer.fits(sample.bytes.length)) yield* closed();
    packer.add(sample);
  }
  yield* closed();
}
