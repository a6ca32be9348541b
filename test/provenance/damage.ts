import { randomStream } from '../../core/random.ts';
import { kindOf, type ObjectKind } from '../../store/fsck.ts';
import type { Store } from '../../store/index.ts';
import { filesOnDisk, flipOnDisk } from '../helpers/disk.ts';

/** One bit of one object, turned over in the store without a word to its server. */
export interface Flip {
  readonly key: string;
  readonly kind: ObjectKind;
  readonly byte: number;
  readonly bit: number;
}

/**
 * Chooses objects so that every kind has its turn, and turns a random bit of each over.
 *
 * @param keys objects to choose from
 */
export const chooseFlips = async (
  store: Store,
  keys: readonly string[],
  count: number,
  seed: number,
): Promise<Flip[]> => {
  const random = randomStream(seed, 'flips');
  const kinds = [...new Set(keys.map(kindOf))].sort();
  const flips: Flip[] = [];
  for (let i = 0; i < count; i++) {
    const kind = kinds[i % kinds.length] as ObjectKind;
    const own = keys.filter((key) => kindOf(key) === kind);
    const key = own[Math.floor(random() * own.length)] as string;
    const size = ((await store.objects.get(key)) ?? Buffer.alloc(1)).length;
    flips.push({ key, kind, byte: Math.floor(random() * size), bit: Math.floor(random() * 8) });
  }
  return flips;
};

/** @returns the bytes as they were */
export const flip = async (store: Store, { key, byte, bit }: Flip): Promise<Buffer> => {
  const bytes = await store.objects.get(key);
  if (!bytes) throw new Error(`${key} is not there`);
  const turned = Buffer.from(bytes);
  turned[byte] = (turned[byte] as number) ^ (1 << bit);
  await store.objects.put(key, turned, { overwrite: true });
  return bytes;
};

/** The same in one of the server's own files of the object. @returns the object's bytes as they were */
export const flipFile = async (store: Store, bucketFolder: string, { key, byte, bit }: Flip): Promise<Buffer> => {
  const bytes = await store.objects.get(key);
  if (!bytes) throw new Error(`${key} is not there`);
  const files = filesOnDisk(bucketFolder, key);
  // Larger objects have two files: which one, and where in it, follows from the byte that was chosen.
  flipOnDisk(files[byte % files.length] as string, byte / bytes.length, bit);
  return bytes;
};

/** @returns puts every object back as it is now, and removes what was added */
export const remember = async (store: Store): Promise<() => Promise<void>> => {
  const before = new Map<string, Buffer>();
  for (const key of await store.objects.list('')) before.set(key, (await store.objects.get(key)) as Buffer);
  return async () => {
    for (const key of await store.objects.list('')) if (!before.has(key)) await store.objects.remove(key);
    for (const [key, bytes] of before)
      if (!(await store.objects.get(key).catch(() => undefined))?.equals(bytes))
        await store.objects.put(key, bytes, { overwrite: true });
  };
};

/** Turns the first digit that stands behind a text into another one, as an editor would. */
export const editDigit = (bytes: Buffer, behind: string): Buffer => {
  const text = bytes.toString('latin1');
  const at = text.indexOf(behind) + behind.length;
  const digit = text.slice(at).search(/\d/) + at;
  if (at < behind.length || digit < at) throw new Error(`no digit stands behind ${behind}`);
  const turned = Buffer.from(bytes);
  turned[digit] = text[digit] === '9' ? 0x38 : turned[digit] === undefined ? 0 : (turned[digit] as number) + 1;
  return turned;
};
