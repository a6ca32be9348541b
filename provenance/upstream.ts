import { benchmarksCodec } from '../artifacts/codecs/benchmarks.ts';
import { type DatasetMeta, datasetCodec, type PeopleShown } from '../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { ancestorsOf, type Lineage, type MadeNode } from '../core/lineage.ts';
import { dependenciesOf } from '../core/plan.ts';
import type { Reading } from './reading.ts';
import { isRaw, roleOf } from './roles.ts';

/**
 * Images or networks that what is asked about depends on: all but the sets that a generator of the run made, or that were chosen
 * from other sets of it, whose own sources are listed in their place.
 */
export interface Source {
  readonly node: string;
  /** `generated`: by a generator outside of the run. What that one learned from is not known. */
  readonly peopleShown: PeopleShown;
  /** Of images; absent for networks that were trained outside of the run, on images that are not known here. */
  readonly images?: StatedImages;
}

/** What images state of themselves; `licence`, `source` and `consent` are empty or absent where nothing is stated. */
export type StatedImages = Pick<DatasetMeta, 'licence' | 'consent'> &
  Partial<Pick<DatasetMeta, 'identities' | 'images' | 'source' | 'skipped' | 'transparent' | 'duplicates'>>;

/**
 * All sources that a node depends on, itself included. What does not say whom it shows counts as real, whatever made it and
 * however unknown its kind is here.
 *
 * @throws CemiflowError `ArtifactInvalid`, and the store's
 */
export const sourcesOf = async (lineage: Lineage, id: string, store: Reading): Promise<Source[]> => {
  const found: Source[] = [];
  for (const made of ancestorsOf(lineage, id)) {
    const madeHere = isMadeHere(made);
    for (const ref of Object.values(made.record.outputs)) {
      const source = await sourceOf(made, ref, store);
      // A set that says that it shows real people is believed, whatever made it.
      if (source && (!madeHere || source.peopleShown === 'real')) found.push(source);
    }
  }
  return found;
};

/**
 * Whether the node's images come from other nodes of the run: a generator, so that what it learned from is among the node's
 * ancestors, or a set that they are part of.
 */
const isMadeHere = (made: MadeNode): boolean =>
  ['generated-data', 'selection'].includes(roleOf(made)) && !isRaw(made) && dependenciesOf(made.node).length > 0;

const sourceOf = async (made: MadeNode, ref: ArtifactRef, store: Reading): Promise<Source | undefined> => {
  const node = made.node.id;
  if (ref.type === 'dataset') {
    const { peopleShown, ...images } = (await datasetCodec.read(store, ref)).meta;
    return { node, peopleShown, images };
  }
  if (ref.type === 'benchmarks') {
    const { peopleShown, licence, source, consent } = (await benchmarksCodec.read(store, ref)).meta;
    return { node, peopleShown, images: { licence, source, consent } };
  }
  // Of weights and embeddings that were made outside of the run, the run does not know which images they were made from.
  const madeElsewhere = dependenciesOf(made.node).length === 0 && learned.includes(ref.type);
  return madeElsewhere ? { node, peopleShown: 'real' } : undefined;
};

const learned: readonly ArtifactRef['type'][] = ['weights', 'inquiries', 'centers'];
