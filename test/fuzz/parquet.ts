import { readFileSync } from 'node:fs';
import { parquet } from '../../formats/parquet/index.ts';
import type { Source } from '../../formats/source.ts';
import type { FuzzTarget } from './target.ts';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/formats/parquet/${name}.parquet`, import.meta.url));

export const target: FuzzTarget = {
  name: 'parquet',
  seeds: ['train-00000-of-00002', 'none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'external'].map(fixture),
  run: async (bytes) => {
    const source: Source = {
      name: 'fuzz',
      files: [{ path: 'fuzz.parquet', bytes: bytes.length }],
      read: async (_, from, length) => Buffer.from(bytes.buffer, bytes.byteOffset + from, length),
    };
    for await (const _ of parquet.list(source));
  },
};
