import { readPickle } from '../pickle/index.ts';
import { openZip } from '../zip/index.ts';
import { maxPickleBytes, type OpenContainer } from './container.ts';
import { storageOf, torchConstructors } from './tensor.ts';

const pickleName = 'data.pkl';

/** Checkpoints of PyTorch from 1.6 on: a zip of `NAME/data.pkl`, `NAME/byteorder` and one file for each storage, `NAME/data/KEY`. */
export const openZipped: OpenContainer = async (file, refuse) => {
  const zip = await openZip(file);
  const entries = new Map(zip.entries.map((entry) => [entry.path, entry]));
  const pickle = zip.entries.find(({ path }) => /^[^/]+\/data\.pkl$/.test(path));
  if (!pickle) throw refuse('a zip must hold data.pkl in a folder to be a checkpoint', 0);
  const folder = pickle.path.slice(0, -pickleName.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw refuse('TorchScript archives are not read: save model.state_dict() with torch.save', pickle.offset);
  }
  const order = entries.get(`${folder}byteorder`);
  if (order && (await zip.read(order, 16)).toString('latin1') !== 'little') {
    throw refuse('the byte order must be little', order.offset);
  }
  const { value } = readPickle(await zip.read(pickle, maxPickleBytes), {
    file: `${file.path}/${pickle.path}`,
    format: 'PyTorch checkpoint',
    allow: torchConstructors,
    unknownGlobals: 'inert',
    strings: 'text',
    persistent: storageOf,
  });
  const entryOf = (key: string) => entries.get(`${folder}data/${key}`);
  return {
    root: value,
    find: ({ key }) => {
      const entry = entryOf(key);
      return entry && { bytes: entry.size, offset: entry.offset };
    },
    read: async ({ key }, from, length) => {
      const entry = entryOf(key);
      if (!entry) throw refuse(`storage ${key} is missing`, 0);
      return (await zip.read(entry)).subarray(from, from + length);
    },
  };
};
