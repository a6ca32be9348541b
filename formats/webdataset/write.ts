import { extensionOf } from '../image-kind.ts';
import { encodeTarEntry, tarEnd } from '../tar.ts';

/** A sample to export. */
export interface ExportedSample {
  /** Whole number from 0. */
  readonly identity: number;
  /** Number of the image within its identity, from 0. */
  readonly image: number;
  /** JPEG, PNG or WebP, which is written as it is. */
  readonly bytes: Uint8Array;
}

const defaultShardBytes = 64 * 2 ** 20;

/**
 * Packs samples into shards for WebDataset, in their order: `IIIIII/JJJJ.jpg` (or `.png`, `.webp`) and `IIIIII/JJJJ.cls`, the
 * identity in digits. One shard is in memory at a time; equal samples give equal bytes.
 *
 * @param shardBytes most bytes of a shard, unless one sample needs more; default 64 MiB
 * @returns shards `000000.tar`, `000001.tar` …
 */
export async function* webdatasetShards(
  samples: AsyncIterable<ExportedSample> | Iterable<ExportedSample>,
  shardBytes = defaultShardBytes,
): AsyncGenerator<{ path: string; bytes: Buffer }> {
  let entries: Buffer[] = [];
  let size = tarEnd.length;
  let shard = 0;
  const close = (): { path: string; bytes: Buffer } => {
    const bytes = Buffer.concat([...entries, tarEnd]);
    entries = [];
    size = tarEnd.length;
    return { path: `${digits(shard++, 6)}.tar`, bytes };
  };
  for await (const { identity, image, bytes } of samples) {
    const key = `${digits(identity, 6)}/${digits(image, 4)}`;
    const sample = [
      encodeTarEntry({ path: `${key}.${extensionOf(bytes)}`, bytes }),
      encodeTarEntry({ path: `${key}.cls`, bytes: Buffer.from(`${identity}`) }),
    ];
    const sampleBytes = sample.reduce((sum, entry) => sum + entry.length, 0);
    if (entries.length > 0 && size + sampleBytes > shardBytes) yield close();
    entries.push(...sample);
    size += sampleBytes;
  }
  if (entries.length > 0) yield close();
}

const digits = (value: number, length: number): string => `${value}`.padStart(length, '0');
