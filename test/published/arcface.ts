import { DatasetWriter } from '../../artifacts/dataset.ts';
import { exportSet } from '../../client/export/set.ts';
import { identityVector } from '../../faces/identity.ts';
import { photoVector } from '../../faces/photo.ts';
import { renderFace } from '../../faces/render.ts';
import { memoryStore } from '../helpers/memory-store.ts';

/** Writes a generated set of 8 identities with 8 drawn faces each as a pack for `arcface.py`: `node … test/published/arcface.ts FOLDER` */
const write = async (folder: string): Promise<void> => {
  const store = memoryStore();
  const writer = new DatasetWriter(store, { height: 112, width: 112 });
  for (let identity = 0; identity < 8; identity++)
    for (let image = 0; image < 8; image++) {
      const person = identityVector(1, identity);
      await writer.add({ identity, image, pixels: renderFace(person, photoVector(1, person, image), 112) });
    }
  const set = await writer.finish({ origin: 'generated', peopleShown: 'generated' });
  console.log(JSON.stringify(await exportSet(store, set, 'recordio', folder)));
};

await write(process.argv[2] as string);
