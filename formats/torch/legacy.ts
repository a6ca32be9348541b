import { CemiflowError } from '../../core/errors.ts';
import { type Pickled, readPickle } from '../pickle/index.ts';
import type { RandomAccess, Refuse } from '../source.ts';
import { maxPickleBytes, type OpenContainer } from './container.ts';
import { type StorageRef, storageOf, torchConstructors } from './tensor.ts';

/** PyTorch's MAGIC_NUMBER as its first pickle. */
export const legacyStart = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const legacyProtocol = 1001;

/**
 * Checkpoints of PyTorch before 1.6: pickles of a magic number, the protocol, facts of the machine, the object, and the keys of
 * storages; then each storage as its count of items (int64) and its bytes.
 */
export const openLegacy: OpenContainer = async (file, refuse) => {
  const storages = new Map<string, StorageRef>();
  const [pickles, end] = await readPickles(file, storages);
  const [, protocol, machine, root, keys] = pickles;
  if (protocol !== legacyProtocol) throw refuse('the protocol must be 1001', legacyStart.length);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw refuse('the machine that saved the checkpoint must be little-endian', legacyStart.length);
  }
  if (!Array.isArray(keys)) throw refuse('the keys of storages must be a list', end);
  const places = await placeStorages({ file, refuse, keys, storages, end });
  return {
    root,
    find: ({ key }) => places.get(key),
    read: (storage, from, length) => file.read((places.get(storage.key)?.offset ?? 0) + from, length),
  };
};

const firstWindowBytes = 2 ** 20;

/** The five pickles. Their length is in no header: more of the file is read until they are whole. */
const readPickles = async (
  file: RandomAccess,
  storages: Map<string, StorageRef>,
): Promise<[values: unknown[], end: number]> => {
  for (let window = firstWindowBytes; ; window *= 4) {
    const bytes = await file.read(0, Math.min(window, file.bytes, maxPickleBytes));
    try {
      return readAll(bytes, file.path, storages);
    } catch (error) {
      const more = bytes.length < Math.min(file.bytes, maxPickleBytes);
      if (!(error instanceof CemiflowError) || error.data.cut !== true || !more) throw error;
      storages.clear();
    }
  }
};

const readAll = (bytes: Buffer, file: string, storages: Map<string, StorageRef>): [unknown[], number] => {
  const values: unknown[] = [];
  let end = 0;
  for (let i = 0; i < 5; i++) {
    const { value, length }: Pickled = readPickle(bytes.subarray(end), {
      file,
      format: 'PyTorch checkpoint',
      offset: end,
      allow: torchConstructors,
      unknownGlobals: 'inert',
      strings: 'text',
      persistent: (id, construction) => {
        const ref = storageOf(id, construction);
        const known = storages.get(ref.key);
        if (known && (known.type !== ref.type || known.items !== ref.items)) {
          throw construction.refuse(`storage ${ref.key} is described in two ways`);
        }
        storages.set(ref.key, known ?? ref);
        return known ?? ref;
      },
    });
    values.push(value);
    end += length;
  }
  return [values, end];
};

const countBytes = 8;

const placeStorages = async ({
  file,
  refuse,
  keys,
  storages,
  end,
}: {
  file: RandomAccess;
  refuse: Refuse;
  keys: readonly unknown[];
  storages: ReadonlyMap<string, StorageRef>;
  end: number;
}): Promise<Map<string, { bytes: number; offset: number }>> => {
  const places = new Map<string, { bytes: number; offset: number }>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(key as string);
    if (!storage || places.has(storage.key)) throw refuse('each storage must be listed once', end);
    const { item } = storage;
    if (!item) throw refuse(`items of ${storage.type} are not read, and what follows them cannot be found`, at);
    const count = at + countBytes <= file.bytes ? (await file.read(at, countBytes)).readBigInt64LE() : undefined;
    if (count !== BigInt(storage.items)) throw refuse(`storage ${storage.key} must have ${storage.items} items`, at);
    const bytes = storage.items * item.bytes;
    at += countBytes;
    if (bytes > file.bytes - at) throw refuse(`storage ${storage.key} is cut off`, at);
    places.set(storage.key, { bytes, offset: at });
    at += bytes;
  }
  return places;
};
