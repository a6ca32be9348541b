import { CemiflowError } from '../../core/errors.ts';
import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { MsgpackCursor } from '../msgpack.ts';
import { onlyFile } from '../only-file.ts';
import { readPlaces } from '../read-places.ts';
import { openFile, type Source, type SourceFile } from '../source.ts';
import { type Database, openDatabase, refuseLmdb } from './database.ts';
import { nodeHeaderBytes } from './layout.ts';
import { openValue, spanOf, type Value } from './page.ts';
import { type StoredValue, Tree } from './tree.ts';

export { writeLmdb } from './write.ts';

/** Most bytes of the list of keys: 7 to 11 a key. HSFace300k's 15 million take about 150 MB. */
const maxKeysBytes = 256 * 2 ** 20;
/** Beside the image, a value may hold the embedding that Vec2Face is trained with: an `.npy` of 2 KB. */
const maxValueBytes = maxImageBytes + 2 ** 20;
/** Look-ups between two reads of images. */
const batchKeys = 512;

/**
 * Image sets as the authors of Vec2Face publish them (HSFace10k to 300k; the WebFace4M on which Vec2Face is trained): an LMDB database, as a
 * single file or as `data.mdb` in a folder, with these entries, all MessagePack.
 *
 *     __keys__      array of the images' keys ("0", "1", …), in the set's order
 *     __len__       number of images
 *     __classnum__  number of identities
 *     each image    array [encoded image, label] (their training code's `imagelist2lmdb.py`), or
 *                   array [encoded image, embedding as .npy, label] (`prepare_training_set.py`)
 *
 * Images are listed in the order of `__keys__`. A place is (file, byte of the encoded image, its bytes). Values in other
 * encodings, such as pickles, are refused.
 */
export const lmdb: ImageSetFormat = {
  name: 'lmdb',
  matches: (files) => files.some(isDatabase),
  list,
  read,
  nameOf: (source, [file, offset]) => `${source.files[file]?.path}, image at byte ${offset}`,
};

const isDatabase = ({ path }: SourceFile): boolean => /(^|\/)data\.mdb$|\.lmdb$/i.test(path);

async function* read(source: Source, places: readonly Place[]): AsyncGenerator<Uint8Array> {
  for await (const bytes of readPlaces(source, places)) yield Buffer.from(bytes);
}

async function* list(source: Source): AsyncGenerator<ListedImage | BadEntry> {
  const file = onlyFile(source, {
    isOne: isDatabase,
    noun: 'database',
    remedy: 'name one file (hsface10k.lmdb), or the folder of one data.mdb',
  });
  const index = source.files.indexOf(file);
  const db = await openDatabase(openFile(source, file));
  const tree = new Tree(db);
  const keys = await readKeys(db, tree);
  const left = { bytes: db.file.bytes };
  for (let from = 0; from < keys.count; from += batchKeys) {
    const values: Value[] = [];
    const count = Math.min(batchKeys, keys.count - from);
    while (values.length < count) values.push(await findNext(db, tree, keys, left));
    const places = values.map((value): Place => [index, value.from, spanOf(value)]);
    let next = 0;
    for await (const bytes of readPlaces(source, places)) yield readImage(db, index, values[next++] as Value, bytes);
  }
  if (!keys.cursor.ended) throw refuseLmdb(db.file, `__keys__ must end after its ${keys.count} keys`, keys.at);
}

interface KeyList extends StoredValue {
  readonly count: number;
  readonly cursor: MsgpackCursor;
}

/** `__keys__`, of which `__len__` is the length. */
const readKeys = async (db: Database, tree: Tree): Promise<KeyList> => {
  const stored = await tree.get('__keys__', maxKeysBytes);
  if (stored === undefined) throw await noKeys(db, tree);
  const cursor = cursorOf(db, '__keys__', stored);
  const count = cursor.array();
  const length = await tree.get('__len__', 16);
  const claimed = length && cursorOf(db, '__len__', length).natural();
  if (claimed !== count) {
    const what = claimed === undefined ? 'is not there' : `is ${claimed}`;
    throw refuseLmdb(db.file, `__len__ must be the number of keys in __keys__, ${count}, and ${what}`, stored.at);
  }
  return { ...stored, count, cursor };
};

const cursorOf = (db: Database, name: string, { bytes, at }: StoredValue): MsgpackCursor =>
  new MsgpackCursor(bytes, (message, offset) => refuseLmdb(db.file, `${name}: ${message}`, at + offset));

/** Where the next key's value lies. All values together fit into the file, so a list that repeats its keys soon ends. */
const findNext = async (
  db: Database,
  tree: Tree,
  { bytes, at, cursor }: KeyList,
  left: { bytes: number },
): Promise<Value> => {
  const { start, length } = cursor.span();
  const key = bytes.subarray(start, start + length);
  const shown = key.toString('latin1', 0, 40);
  const value = await tree.find(key);
  if (value === undefined)
    throw refuseLmdb(db.file, `__keys__ has the key ${shown}, and there is no such entry`, at + start);
  if (value.bytes > maxValueBytes) {
    throw refuseLmdb(
      db.file,
      `entry ${shown} must have at most ${maxValueBytes} bytes, got ${value.bytes}`,
      value.from,
    );
  }
  left.bytes -= nodeHeaderBytes + spanOf(value);
  if (left.bytes < 0)
    throw refuseLmdb(db.file, `__keys__ must have each key once: ${shown} or others are repeated`, at + start);
  return value;
};

const readImage = (db: Database, file: number, value: Value, read: Buffer): ListedImage | BadEntry => {
  const bytes = openValue(db, value, read);
  const valueAt = value.from + spanOf(value) - value.bytes;
  if (isPickle(bytes)) {
    throw refuseLmdb(
      db.file,
      'images must be MessagePack arrays, and this value is a pickle',
      valueAt,
      "unpack the set with its authors' code and import the folder, or write it again in the layout of HSFace",
    );
  }
  try {
    const cursor = new MsgpackCursor(bytes, (message, at) => refuseLmdb(db.file, message, valueAt + at));
    const fields = cursor.array();
    if (fields !== 2 && fields !== 3)
      throw refuseLmdb(db.file, `an image must have 2 or 3 fields, got ${fields}`, valueAt);
    const { start, length } = cursor.span();
    if (fields === 3) cursor.span();
    const identity = cursor.natural();
    const place: Place = [file, valueAt + start, length];
    if (length === 0 || length > maxImageBytes) return { place, fault: `has an image of ${length} bytes` };
    return { identity, place, bytes: Buffer.from(bytes.subarray(start, start + length)) };
  } catch (error) {
    if (!(error instanceof CemiflowError)) throw error;
    return { place: [file, valueAt, value.bytes], fault: error.message };
  }
};

/** The first opcode of pickles of protocol 2 and above; as MessagePack it would be an empty map with bytes behind it. */
const isPickle = (bytes: Buffer): boolean => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 9) <= 5;

const noKeys = async (db: Database, tree: Tree): Promise<CemiflowError> => {
  const { keys, databases } = await tree.firstKeys(5);
  const found = keys.length === 0 ? 'it is empty' : `its first keys are ${keys.join(', ')}`;
  const message = databases
    ? `the main database must hold the images, and holds further databases: ${keys.join(', ')}`
    : `there must be a list __keys__, as in HSFace; of ${db.entries} entries there is none, and ${found}`;
  return refuseLmdb(
    db.file,
    message,
    0,
    'write the set again in the layout of HSFace: __keys__, __len__ and an entry for each image',
  );
};
