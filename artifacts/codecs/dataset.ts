import type { JsonObject } from '../../core/errors.ts';
import { type Artifact, type ArtifactReader, defineCodec, readFileOf } from '../codec.ts';
import type { Fields } from '../fields.ts';
import { artifactInvalid } from '../invalid.ts';
import { namesFile, type People } from '../people.ts';
import { shardsOf, unpackShard } from '../shards.ts';

/** Whether the people in a set of images exist: `real`, or were `drawn` by a program, or `generated` by a model. */
export const peopleShown = ['real', 'drawn', 'generated'] as const;
export type PeopleShown = (typeof peopleShown)[number];

/** What is known of a set of images. */
export interface DatasetMeta {
  readonly identities: number;
  readonly images: number;
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** A set that does not say whom it shows counts as `real`. */
  readonly peopleShown: PeopleShown;
  /** What made the set, such as `folder`. */
  readonly origin?: string;
  /** People whom a program drew, so that sets can be compared. */
  readonly people: readonly People[];
  /** Empty where it is not stated. */
  readonly licence: string;
  readonly consent: string;
  /** Of a generated set: images of each identity that were generated. Copies of the inquiry image follow them. */
  readonly generatedImages?: number;
  /** Of a generated set: copies of the inquiry image in each identity. */
  readonly oversample?: number;
  /** Of a set of CemiFace's: the wanted similarity to the inquiry image. */
  readonly m?: number;
  /** Instead of `m` where the images ask for several. */
  readonly mixture?: Mixture;
  /** Of a set from outside: where it comes from, in words. */
  readonly source?: string;
  /** Of a set from outside: the format that it was read in. */
  readonly format?: string;
  /** Files that could not be used and were left out, and the names of the first of them. */
  readonly skipped?: Skipped;
  /** Images with transparent pixels. */
  readonly transparent?: number;
  readonly duplicates?: DuplicatesFound;
  readonly similarNames?: SimilarNames;
}

/** Files of a set from outside that were left out. */
export interface Skipped {
  readonly count: number;
  readonly files: readonly string[];
}

/** Images that a set holds more than once. Names come from outside. */
export interface DuplicatesFound {
  /** Images whose file is that of an earlier one. */
  readonly bytes: number;
  /** Images whose decoded pixels are those of an earlier one, the above among them. */
  readonly pixels: number;
  /** Images whose pixels are also under another identity. */
  readonly acrossIdentities: number;
  /** Pairs of identities that share images; `pairs` names the first of them. */
  readonly identityPairs: number;
  readonly pairs: readonly { readonly left: string; readonly right: string; readonly images: number }[];
}

/** Groups of identities whose names differ in capitals, or in how accents are written, alone; `groups` holds the first of them. */
export interface SimilarNames {
  readonly count: number;
  readonly groups: readonly (readonly string[])[];
}

/** Several m in one set: values that its images take in turn, or an interval that the m of each image is drawn from. */
export type Mixture = { readonly among: readonly number[] } | { readonly lowest: number; readonly highest: number };

/** What is written of a set: everything that readers ask for, and what only the kind that made the set knows. */
export type DatasetWritten = JsonObject & {
  readonly identities: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  /** Left out of the manifest where the origin implies it. */
  readonly peopleShown: PeopleShown;
};

export const datasetCodec = defineCodec<DatasetMeta, DatasetWritten>({
  type: 'dataset',
  versions: [
    (fields) => ({
      ...imageCounts(fields),
      peopleShown: shownIn(fields),
      ...present(
        'origin',
        fields.optional('origin', (each) => each.string('origin')),
      ),
      people: peopleIn(fields),
      licence: fields.optional('licence', (each) => each.string('licence')) ?? '',
      consent: fields.optional('consent', (each) => each.string('consent')) ?? '',
      ...present(
        'generatedImages',
        fields.optional('generatedImages', (each) => each.integer('generatedImages')),
      ),
      ...present(
        'oversample',
        fields.optional('oversample', (each) => each.integer('oversample')),
      ),
      ...present(
        'm',
        fields.optional('m', (each) => each.number('m')),
      ),
      ...present(
        'mixture',
        fields.optional('mixture', (each) => mixtureIn(each.object('mixture'))),
      ),
      ...importedIn(fields),
    }),
  ],
  stored: (written) => withoutImplied(written),
});

const mixtureIn = (fields: Fields): Mixture =>
  fields.has('among')
    ? { among: fields.numbers('among') }
    : { lowest: fields.number('lowest'), highest: fields.number('highest') };

/** What only sets from outside state. */
const importedIn = (fields: Fields): Partial<DatasetMeta> => ({
  ...present(
    'source',
    fields.optional('source', (each) => each.string('source')),
  ),
  ...present(
    'format',
    fields.optional('format', (each) => each.string('format')),
  ),
  ...present(
    'skipped',
    fields.optional('skipped', (each) => skippedIn(each.object('skipped'))),
  ),
  ...present(
    'transparent',
    fields.optional('transparent', (each) => each.integer('transparent')),
  ),
  ...present(
    'duplicates',
    fields.optional('duplicates', (each) => duplicatesIn(each.object('duplicates'))),
  ),
  ...present(
    'similarNames',
    fields.optional('similarNames', (each) => similarIn(each.object('similarNames'))),
  ),
});

const skippedIn = (fields: Fields): Skipped => ({ count: fields.integer('count'), files: fields.strings('files') });

const duplicatesIn = (fields: Fields): DuplicatesFound => ({
  bytes: fields.integer('bytes'),
  pixels: fields.integer('pixels'),
  acrossIdentities: fields.integer('acrossIdentities'),
  identityPairs: fields.integer('identityPairs'),
  pairs: fields.list('pairs', (pair) => ({
    left: pair.string('left'),
    right: pair.string('right'),
    images: pair.integer('images'),
  })),
});

const similarIn = (fields: Fields): SimilarNames => {
  const groups = fields.json('groups');
  const isNames = (group: unknown): boolean => Array.isArray(group) && group.every((name) => typeof name === 'string');
  if (!Array.isArray(groups) || !groups.every(isNames)) throw fields.fault('groups', 'a list of lists of names');
  return { count: fields.integer('count'), groups: groups as string[][] };
};

/** Origins of the kinds that were there before sets said whom they show; their manifests must stay as they are. */
const impliedBy: { readonly [origin: string]: (fields: Fields) => PeopleShown } = {
  folder: (fields) => (fields.json('faces') === 'synthetic' ? 'generated' : 'real'),
  procedural: () => 'drawn',
  generated: () => 'generated',
};

const implied = (fields: Fields): PeopleShown | undefined => {
  const origin = fields.json('origin');
  return typeof origin === 'string' && Object.hasOwn(impliedBy, origin) ? impliedBy[origin]?.(fields) : undefined;
};

/**
 * What a manifest holds of images that are written. Whoever writes them says whom they show; where the origin has always implied
 * the same, the manifest stays as it was before there was the field.
 *
 * @throws CemiflowError `ArtifactInvalid`
 */
export const withoutImplied = (written: Fields): JsonObject => {
  const { peopleShown: _, ...rest } = written.whole;
  return written.oneOf('peopleShown', peopleShown) === implied(written) ? rest : written.whole;
};

/** What says nothing shows real people: nothing may count as harmless because it comes from somewhere unknown. */
export const shownIn = (fields: Fields): PeopleShown =>
  fields.has('peopleShown') ? fields.oneOf('peopleShown', peopleShown) : (implied(fields) ?? 'real');

/** Size and number of images, as every artifact that holds shards states them. */
export const imageCounts = (fields: Fields): { identities: number; images: number; height: number; width: number } => ({
  identities: fields.integer('identities'),
  images: fields.integer('images'),
  height: fields.integer('height', { from: 1 }),
  width: fields.integer('width', { from: 1 }),
});

/** People whom a program drew; none where the manifest names none. */
export const peopleIn = (fields: Fields): People[] =>
  fields.optional('people', () =>
    fields.list('people', (each) => ({
      namespace: each.string('namespace'),
      first: each.integer('first'),
      count: each.integer('count'),
    })),
  ) ?? [];

/** Names of the identities; none where the set has none. @throws CemiflowError `ArtifactInvalid` */
export const readNames = async (store: ArtifactReader, artifact: Artifact<unknown>): Promise<string[]> => {
  if (!artifact.files.some(({ path }) => path === namesFile)) return [];
  const names: unknown = await readFileOf(store, artifact, namesFile, (bytes) => JSON.parse(bytes.toString('utf8')));
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw artifactInvalid({ ...artifact.ref, path: namesFile }, '', { required: 'a list of names', found: typeof names });
};

/** Identities and images in the shards. @throws CemiflowError `ArtifactInvalid` */
export const countImages = async (
  artifact: Artifact<unknown>,
  store: ArtifactReader,
): Promise<{ readonly identities: number; readonly images: number }> => {
  const identities = new Set<number>();
  let images = 0;
  for (const { path } of shardsOf(artifact.files)) {
    const samples = await readFileOf(store, artifact, path, (bytes) => unpackShard(bytes, path));
    for (const { identity } of samples) identities.add(identity);
    images += samples.length;
  }
  return { identities: identities.size, images };
};

const present = <K extends string, T>(name: K, value: T | undefined): { readonly [key in K]?: T } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: T });
