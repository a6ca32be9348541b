import fc from 'fast-check';
import { inMemory } from '../../formats/source.ts';
import { openTorch } from '../../formats/torch/index.ts';
import { openZip } from '../../formats/zip/index.ts';
import { zipBytes } from '../formats/helpers/zip-bytes.ts';
import { fixtures } from './harness/fixtures.ts';
import { mutated } from './harness/mutate.ts';
import { pickles } from './harness/pickles.ts';
import type { FuzzTarget } from './target.ts';

const readable = /^(zip|legacy|lightning|lightning-legacy|nested|backbone)\.\w+$/;

const [valid] = fixtures('torch', /^zip\.pth$/) as [Buffer];
const archive = await openZip(inMemory('zip.pth', valid));
const files = await Promise.all(
  archive.entries.map(async (entry) => ({ path: entry.path, bytes: await archive.read(entry) })),
);
const pickle = files.find(({ path }) => path === 'zip/data.pkl')?.bytes as Buffer;

/** Another pickle in a whole archive: mutated bytes of an archive hardly get past their CRC-32. */
const withPickle = (bytes: Uint8Array): Uint8Array =>
  zipBytes(files.map((file) => (file.path === 'zip/data.pkl' ? { ...file, bytes: Buffer.from(bytes) } : file)));

export const target: FuzzTarget = {
  name: 'torch',
  seeds: fixtures('torch', readable),
  cases: fc.oneof(mutated([pickle]), mutated([pickle]), pickles).map(withPickle),
  run: async (bytes) => {
    const { tensors } = await openTorch(inMemory('fuzz.pth', bytes));
    for (const tensor of tensors.values()) await tensor.read();
  },
};
