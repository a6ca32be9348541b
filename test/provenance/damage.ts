import { randomStream } from '../../core/random.ts';
import { kindOf, type ObjectKind } from '../../store/fsck.ts';
import type { Store } from '../../store/index.ts';

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
