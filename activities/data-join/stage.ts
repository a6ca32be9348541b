import type { Artifact } from '../../artifacts/codec.ts';
import { type DatasetMeta, datasetCodec, type PeopleShown, readNames } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { namesFile } from '../../artifacts/people.ts';
import { joinShards, type Packed, shardsOf } from '../../artifacts/shards.ts';
import { hasSoftLabels, softLabelsFile } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { CemiflowError, type Json, type JsonObject } from '../../core/errors.ts';
import type { StageContext, StageKind } from '../../core/stage.ts';
import { samplesOf } from '../../data/samples.ts';

/** `schemas/stages/data-join.schema.json` */
interface Params {
  readonly sets: readonly ArtifactRef[];
  readonly numbers: 'own' | 'shared';
}

type Dataset = Artifact<DatasetMeta>;

/** `data/join`: several datasets as one. */
export const stage: StageKind<Params> = {
  async run({ sets: refs, numbers }, context) {
    const sets = await Promise.all(refs.map((ref) => datasetCodec.read(context.store, ref)));
    checkAlike(sets);
    const places = new Places(numbers);
    const parts: FileEntry[][] = [];
    for (const set of sets) parts.push(await placed(set, places, context));
    const files = [...joinShards(parts), ...(await namesOf(sets, places, context))];
    const meta = { ...(await factsOf(sets, numbers, context)), ...places.counts() };
    return { data: await datasetCodec.write(context.store, meta, files) };
  },
};

/** Which numbers samples have in the whole. */
class Places {
  /** What is added to the identities of each set so far. */
  readonly offsets: number[] = [];
  readonly #numbers: Params['numbers'];
  /** By identity of the whole, the number of its next image. */
  readonly #next = new Map<number, number>();
  #end = 0;

  constructor(numbers: Params['numbers']) {
    this.#numbers = numbers;
  }

  begin(): void {
    this.offsets.push(this.#numbers === 'own' ? this.#end : 0);
  }

  take({ identity: own }: Packed): Place {
    const identity = own + (this.offsets.at(-1) as number);
    const image = this.#next.get(identity) ?? 0;
    this.#next.set(identity, image + 1);
    this.#end = Math.max(this.#end, identity + 1);
    return { identity, image };
  }

  counts(): { readonly identities: number; readonly images: number } {
    return { identities: this.#next.size, images: [...this.#next.values()].reduce((sum, images) => sum + images, 0) };
  }
}

type Place = Pick<Packed, 'identity' | 'image'>;

/** The shards of a set in the whole: its own, where no sample gets other numbers, or new ones with the same images. */
const placed = async (set: Dataset, places: Places, context: StageContext): Promise<FileEntry[]> => {
  places.begin();
  const numbers: Place[] = [];
  let kept = true;
  for await (const sample of samplesOf(set, context, 'read labels')) {
    const place = places.take(sample);
    kept &&= place.identity === sample.identity && place.image === sample.image;
    numbers.push(place);
  }
  if (kept) return shardsOf(set.files);
  const writer = new DatasetWriter(context.store, set.meta);
  let row = 0;
  for await (const sample of samplesOf(set, context, 'copy images'))
    await writer.addEncoded({ ...sample, ...(numbers[row++] as Place) });
  return writer.files();
};

/** What the manifest of the whole says: what the sets agree on, and what each states for itself. */
const factsOf = async (
  sets: readonly Dataset[],
  numbers: Params['numbers'],
  { store }: StageContext,
): Promise<JsonObject & { readonly peopleShown: PeopleShown; readonly height: number; readonly width: number }> => {
  const stated = await Promise.all(sets.map(async ({ ref }) => (await store.getArtifact(ref)).meta));
  const [first] = stated as [JsonObject];
  const agreed = Object.entries(first).filter(([name, value]) =>
    stated.every((other) => !counted.has(name) && Object.hasOwn(other, name) && isEqual(other[name], value)),
  );
  const { height, width } = (sets[0] as Dataset).meta;
  const people = sets.flatMap(({ meta }) => meta.people);
  const allNamed = sets.every(({ meta }) => meta.people.length > 0);
  return {
    ...Object.fromEntries(agreed),
    ...texts(sets),
    ...(allNamed && { people: numbers === 'own' ? people : distinct(people) }),
    peopleShown: shownBy(sets),
    ...{ height, width, joined: { of: sets.map(({ ref }) => ref.digest), numbers } },
  };
};

/** What is counted of a set, or named by its places, is not true of the whole. */
const counted = new Set([
  'identities',
  'images',
  'people',
  'skipped',
  'transparent',
  'duplicates',
  'similarNames',
  'subset',
]);

/** What is known of where sets are from and what may be done with them: all that any of them states. */
const texts = (sets: readonly Dataset[]): JsonObject => {
  const stated = (['licence', 'consent', 'source'] as const).map((name) => {
    const words = distinct(sets.map(({ meta }) => meta[name] || 'not stated'));
    return [name, words.length === 1 ? words[0] : words.join('; ')] as const;
  });
  return Object.fromEntries(stated.filter(([, text]) => text !== 'not stated')) as JsonObject;
};

/** The whole shows the people that must be treated with most care. */
const shownBy = (sets: readonly Dataset[]): PeopleShown =>
  (['real', 'generated', 'drawn'] as const).find((each) => sets.some(({ meta }) => meta.peopleShown === each)) ??
  'real';

/** Names of the people at their places in the whole, where any set has some. @throws CemiflowError `NamesDiffer` */
const namesOf = async (
  sets: readonly Dataset[],
  { offsets }: Places,
  { store }: StageContext,
): Promise<FileEntry[]> => {
  const all: string[] = [];
  for (const [s, set] of sets.entries()) {
    for (const [i, name] of (await readNames(store, set)).entries()) {
      const place = i + (offsets[s] as number);
      const known = all[place];
      if (known && name && known !== name) throw namesDiffer(place, known, name);
      all[place] = name || known || '';
    }
  }
  if (all.length === 0) return [];
  const text = JSON.stringify(Array.from(all, (name) => name ?? ''));
  return [await store.putFile(namesFile, Buffer.from(text), 'application/json')];
};

/** @throws CemiflowError `DatasetsUnlike`, `JoinOfMixtures` */
const checkAlike = (sets: readonly Dataset[]): void => {
  const [{ meta: wanted, ref: first }] = sets as [Dataset];
  for (const { ref, meta, files } of sets) {
    if (meta.height !== wanted.height || meta.width !== wanted.width)
      throw new CemiflowError(
        'DatasetsUnlike',
        `dataset ${ref.digest} has images of ${meta.width} × ${meta.height} pixels, and ${first.digest} of ${wanted.width} × ${wanted.height}`,
        { remedy: 'take in or make all sets at one size', data: { dataset: ref.digest, first: first.digest } },
      );
    if (hasSoftLabels({ files }))
      throw new CemiflowError(
        'JoinOfMixtures',
        `dataset ${ref.digest} cannot be joined: its images are mixtures of two identities (${softLabelsFile})`,
        {
          remedy: 'generate one without mixtures (mixup: false), or train on both sets (second, of recognizer/train)',
          data: { dataset: ref.digest },
        },
      );
  }
};

const namesDiffer = (place: number, left: string, right: string): CemiflowError =>
  new CemiflowError('NamesDiffer', `identity ${place} is called ${left} in one set and ${right} in another`, {
    remedy: 'join sets whose equal numbers are not the same person with numbers: own',
    data: { identity: place, left, right },
  });

const isEqual = (a: Json | undefined, b: Json): boolean => a !== undefined && canonicalJson(a) === canonicalJson(b);

const distinct = <T extends Json>(values: readonly T[]): T[] => [
  ...new Map(values.map((value) => [canonicalJson(value), value])).values(),
];
