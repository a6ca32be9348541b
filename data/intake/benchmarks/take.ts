import { putPairs } from '../../../artifacts/benchmarks.ts';
import { setPrefix } from '../../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { FileEntry } from '../../../core/artifact.ts';
import { type Digest, digestOf } from '../../../core/digest.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { StageContext } from '../../../core/stage.ts';
import { plural } from '../../../core/words.ts';
import type { Examiner } from '../examiner.ts';
import { listed } from '../faults.ts';
import type { LeftOut } from '../state.ts';
import type { SourceSet } from './sets.ts';

/** Images that are examined by one question. */
const batchImages = 64;

/** A set that was taken in. */
export interface TakenSet {
  /** Shards and pairs. */
  readonly files: readonly FileEntry[];
  readonly pairs: number;
  /** Different images, by their bytes. */
  readonly images: number;
}

/**
 * Packs a verification set: each image as the file that it is, once however many pairs show it, under a number that stands for no
 * person.
 *
 * @throws CemiflowError `BadImages` where images cannot be decoded or are of another size
 */
export const takeSet = async (
  name: string,
  { images, pairs }: SourceSet,
  { examiner, size, context }: { readonly examiner: Examiner; readonly size: number; readonly context: StageContext },
): Promise<TakenSet> => {
  const writer = new DatasetWriter(context.store, { height: size, width: size, prefix: setPrefix(name) });
  const rows = new Map<Digest, number>();
  const rowOf: number[] = [];
  const faults: LeftOut[] = [];
  for (let from = 0; from < images.length; from += batchImages) {
    const fresh: { readonly name: string; readonly bytes: Uint8Array }[] = [];
    const first = rows.size;
    for (const image of images.slice(from, from + batchImages)) {
      const bytes = await image.read();
      const digest = digestOf(bytes);
      const row = rows.get(digest) ?? rows.size;
      if (row === rows.size) fresh.push({ name: image.name, bytes });
      rows.set(digest, row);
      rowOf.push(row);
    }
    const answers = await examiner.examine(fresh.map(({ bytes }) => ({ bytes })));
    for (const [i, answer] of answers.entries()) {
      const { name: image, bytes } = fresh[i] as (typeof fresh)[number];
      if ('fault' in answer) faults.push({ name: image, fault: answer.fault });
      else await writer.addEncoded({ identity: first + i, image: 0, bytes });
    }
    await context.progress({ phase: `take in ${name}`, step: rowOf.length, steps: images.length });
  }
  if (faults.length > 0) throw badBenchmarkImages(name, { count: faults.length, first: faults }, rows.size, size);
  const column = (of: 'left' | 'right'): Int32Array => Int32Array.from(pairs, (pair) => rowOf[pair[of]] as number);
  const same = Uint8Array.from(pairs, (pair) => Number(pair.same));
  const fold = Int32Array.from(pairs, (pair) => pair.fold);
  const entry = await putPairs(
    context.store,
    name,
    { left: column('left'), right: column('right'), same, fold },
    rows.size,
  );
  return { files: [...(await writer.files()), entry], pairs: pairs.length, images: rows.size };
};

/** `BadImages`: images of a benchmark that cannot be used, by name and fault. */
export const badBenchmarkImages = (
  set: string,
  { count, first }: { readonly count: number; readonly first: readonly LeftOut[] },
  images: number,
  size: number,
): CemiflowError =>
  new CemiflowError(
    'BadImages',
    `${count} of ${plural(images, 'image')} of ${set} cannot be used: ${listed(first.map(({ name, fault }) => `${name} (${fault})`))}`,
    {
      remedy: `give images of ${size} × ${size} pixels, or set size to what they have`,
      data: { set, count, images, size },
    },
  );
