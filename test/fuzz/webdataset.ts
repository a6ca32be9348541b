import { readFileSync } from 'node:fs';
import type { Source } from '../../formats/source.ts';
import { webdataset } from '../../formats/webdataset/index.ts';
import type { FuzzTarget } from './target.ts';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/formats/webdataset/${name}`, import.meta.url));

export const target: FuzzTarget = {
  name: 'webdataset',
  seeds: ['ustar.tar', 'gnu.tar', 'pax.tar', 'cls.tar', 'json.tar'].map(fixture),
  run: async (bytes) => {
    const source: Source = {
      name: 'fuzz',
      files: [{ path: 'fuzz.tar', bytes: bytes.length }],
      read: async (_, from, length) => Buffer.from(bytes.buffer, bytes.byteOffset + from, length),
    };
    for await (const entry of webdataset.list(source)) {
      for await (const _ of webdataset.read(source, 'fault' in entry ? [] : [entry.place]));
    }
  },
};
