/** Writes a generated set: `pack.ts FORMAT IMAGES FOLDER`. A separate process, so that what it needs is nobody else's memory. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { writeLmdb } from '../../formats/lmdb/index.ts';
import { parquetFile } from '../../formats/parquet/index.ts';
import { writeRecordio } from '../../formats/recordio/index.ts';
import { webdatasetShards } from '../../formats/webdataset/index.ts';
import { FolderObjects } from '../../store/folder.ts';
import { Store } from '../../store/index.ts';
import { serve } from '../serve.ts';
import { type MadeImage, madeImages } from './images.ts';
import { ZipWriter } from './zip.ts';

type Images = AsyncIterable<MadeImage>;

const zipImages = 50_000;

const writers: { readonly [format: string]: (folder: string, images: Images) => Promise<unknown> } = {
  recordio: (folder, images) => writeRecordio(folder, images, { height: 112, width: 112 }),
  lmdb: (folder, images) => writeLmdb(join(folder, 'set.lmdb'), images),
  webdataset: async (folder, images) => {
    for await (const { path, bytes } of webdatasetShards(images)) await writeFile(join(folder, path), bytes);
  },
  parquet: async (folder, images) => {
    const file = createWriteStream(join(folder, 'train-00000-of-00001.parquet'));
    for await (const bytes of parquetFile(images)) if (!file.write(bytes)) await once(file, 'drain');
    file.end();
    await once(file, 'close');
  },
  zip: async (folder, images) => {
    let zip: ZipWriter | undefined;
    let written = 0;
    for await (const { identity, image, bytes } of images) {
      if (written++ % zipImages === 0) {
        await zip?.close();
        zip = await ZipWriter.create(join(folder, `${written - 1}.zip`));
      }
      await zip?.add(`${identity}/${image}.jpg`, bytes);
    }
    await zip?.close();
  },
  folder: async (folder, images) => {
    for await (const { identity, image, bytes } of images) {
      const parent = join(folder, `${identity}`);
      if (image === 0) await mkdir(parent);
      await writeFile(join(parent, `${image}.jpg`), bytes);
    }
  },
  /** As an import leaves it in a store. */
  store: async (folder, images) => {
    const store = new Store(new FolderObjects(folder));
    const writer = new DatasetWriter(store, { height: 112, width: 112, shardBytes: 16 * 2 ** 20 });
    for await (const image of images) await writer.addEncoded(image);
    const ref = await writer.finish({ origin: 'import', peopleShown: 'drawn' });
    await writeFile(join(folder, 'set.json'), JSON.stringify(ref));
  },
};

await serve({}, async ({ format, images, folder }) => {
  await mkdir(folder as string, { recursive: true });
  const startMs = performance.now();
  await writers[format as string]?.(folder as string, madeImages(images as number));
  return (performance.now() - startMs) / 1000;
});
