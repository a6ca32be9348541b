import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { extensionOf } from '../formats/image-kind.ts';
import { writeLmdb } from '../formats/lmdb/index.ts';
import { parquetFile } from '../formats/parquet/index.ts';
import { writeRecordio } from '../formats/recordio/index.ts';
import { sampleName } from '../formats/sample.ts';
import { webdatasetShards } from '../formats/webdataset/write.ts';
import type { ExportedSet } from './export-set.ts';
import type { Packed } from './shards.ts';

/** Puts a file into the folder that is being written. @param path relative, with slashes */
export type PutFile = (path: string, bytes: Uint8Array | string) => Promise<void>;

/** Writes a set's images in one format. @param folder where the files go @param put puts one file there */
type Writer = (samples: AsyncIterable<Packed>, set: ExportedSet, folder: string, put: PutFile) => Promise<unknown>;

/** Image files stay as they are in every format; identities keep their numbers, which are the labels. */
const writers = {
  /** One folder for each identity: `000001/0002.jpg`. */
  folder: async (samples, _set, _folder, put) => {
    for await (const sample of samples) await put(`${sampleName(sample)}.${extensionOf(sample.bytes)}`, sample.bytes);
  },
  /** Tar shards: `000000.tar` … */
  webdataset: async (samples, _set, _folder, put) => {
    for await (const { path, bytes } of webdatasetShards(samples)) await put(path, bytes);
  },
  /** InsightFace's pack: `train.rec`, `train.idx`, `property`. */
  recordio: (samples, set, folder) => writeRecordio(folder, samples, set),
  /** HSFace's layout: one file, `train.lmdb`. */
  lmdb: (samples, _set, folder) => writeLmdb(join(folder, 'train.lmdb'), samples),
  /** As the Hugging Face hub stores images: `data/train-00000-of-00001.parquet`. */
  parquet: async (samples, _set, folder, put) => {
    const path = 'data/train-00000-of-00001.parquet';
    await put(path, '');
    const file = await open(join(folder, path), 'w');
    try {
      for await (const piece of parquetFile(samples)) await file.writeFile(piece);
    } finally {
      await file.close();
    }
  },
} as const satisfies Record<string, Writer>;

export type SetFormat = keyof typeof writers;
export const setFormats = Object.keys(writers) as SetFormat[];

/** Writes a set's images in one format. @param folder where the files go @param put puts one file there */
export const writeSet = async (
  format: SetFormat,
  samples: AsyncIterable<Packed>,
  set: ExportedSet,
  folder: string,
  put: PutFile,
): Promise<void> => {
  const write: Writer = writers[format];
  await write(samples, set, folder, put);
};
