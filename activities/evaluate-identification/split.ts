import type { ArtifactReader } from '../../artifacts/codec.ts';
import { datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { generatedRows, type ImageSet } from '../../data/images.ts';

/** Some images of a set, and the person of each. */
export interface Labelled {
  readonly set: ImageSet;
  readonly rows: Int32Array;
  /** int32, by place in `rows`: the person's place in the gallery; -1 for who is not in it. */
  readonly people: Int32Array;
}

/** Who is searched for in whom. */
export interface Split {
  readonly gallery: Labelled;
  readonly probes: Labelled;
  /** People in the gallery. */
  readonly people: number;
}

/** What a split is made of. */
export interface Named {
  readonly ref: ArtifactRef;
  readonly set: ImageSet;
}

/**
 * The first images of every identity are the gallery, the others are probes. Of a generated set, copies of the inquiry image are
 * left out.
 */
export const splitOne = async (store: ArtifactReader, { ref, set }: Named, galleryImages: number): Promise<Split> => {
  const { meta } = await datasetCodec.read(store, ref);
  const taken = new Int32Array(set.classes);
  const [gallery, probes]: [number[], number[]] = [[], []];
  for (const row of generatedRows(set, meta.generatedImages)) {
    const label = set.labels[row] as number;
    taken[label] = (taken[label] as number) + 1;
    ((taken[label] as number) <= galleryImages ? gallery : probes).push(row);
  }
  return { gallery: byLabel(set, gallery), probes: checked(byLabel(set, probes), ref), people: set.classes };
};

/**
 * All images of one set are the gallery, those of another the probes. People are the same where they have the same name, or, where a
 * set has no names, the same number.
 */
export const splitTwo = async (store: ArtifactReader, gallery: Named, probes: Named): Promise<Split> => {
  const [known, searched] = [await peopleOf(store, gallery), await peopleOf(store, probes)];
  const byName = known.names.length > 0 && searched.names.length > 0;
  const keyOf = ({ names }: { names: readonly string[] }, identity: number): string | number =>
    byName ? (names[identity] ?? identity) : identity;
  const places = new Map<string | number, number>();
  known.rows.forEach((row) => {
    places.set(keyOf(known, gallery.set.identities[row] as number), gallery.set.labels[row] as number);
  });
  const people = searched.rows.map((row) => places.get(keyOf(searched, probes.set.identities[row] as number)) ?? -1);
  return {
    gallery: byLabel(gallery.set, [...known.rows]),
    probes: checked({ set: probes.set, rows: searched.rows, people }, probes.ref),
    people: gallery.set.classes,
  };
};

const peopleOf = async (store: ArtifactReader, { ref, set }: Named) => {
  const artifact = await datasetCodec.read(store, ref);
  return { names: await readNames(store, artifact), rows: generatedRows(set, artifact.meta.generatedImages) };
};

const byLabel = (set: ImageSet, rows: readonly number[]): Labelled => ({
  set,
  rows: Int32Array.from(rows),
  people: Int32Array.from(rows, (row) => set.labels[row] as number),
});

const checked = (probes: Labelled, { digest }: ArtifactRef): Labelled => {
  if (probes.people.some((person) => person >= 0)) return probes;
  throw new CemiflowError(
    'ProbesMissing',
    `no image of ${digest} can be searched for: nobody in it is in the gallery`,
    {
      remedy: 'lower galleryImages below the images of an identity, or give probes of the people in the gallery',
      data: { probes: digest },
    },
  );
};
