import type { ArtifactReader } from '../../artifacts/codec.ts';
import { peopleIn } from '../../artifacts/codecs/dataset.ts';
import { Fields } from '../../artifacts/fields.ts';
import { type People, sharedPeople } from '../../artifacts/people.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { trainingSetOf } from './facts.ts';

interface Inputs {
  readonly data: ArtifactRef;
  readonly real: ArtifactRef;
  readonly strangers: ArtifactRef;
  readonly recognizer: ArtifactRef;
}

/**
 * Refuses strangers who are in another set, where the sets say whom they show: in the gallery, their search would be mated; the
 * recognizer knows the people that it was trained on better than others. What the generator was trained on is not known here:
 * the audit looks for strangers there.
 *
 * @throws CemiflowError `StrangersKnown`
 */
export const refuseKnownStrangers = async (
  store: ArtifactReader,
  { data, real, strangers, recognizer }: Inputs,
): Promise<void> => {
  const training = await trainingSetOf(store, recognizer);
  const sets: readonly (readonly [where: string, set: ArtifactRef])[] = [
    ['in the gallery (real)', real],
    ['in the generated set (data)', data],
    ...(training ? [['in the training set of the recognizer', { type: 'dataset', digest: training }] as const] : []),
  ];
  const people = await peopleOf(store, strangers);
  for (const [where, set] of sets) {
    const same = set.digest === strangers.digest;
    const shared = same ? 0 : sharedPeople(people, await peopleOf(store, set));
    if (same || shared > 0)
      throw known(same ? 'all of them are' : `${shared} of them ${shared === 1 ? 'is' : 'are'}`, where);
  }
};

/** A training set may have been made in another store: then nothing is known of its people. */
const peopleOf = async (store: ArtifactReader, ref: ArtifactRef): Promise<readonly People[]> => {
  try {
    return peopleIn(new Fields((await store.getArtifact(ref)).meta, { ...ref, path: 'meta' }));
  } catch (error) {
    if (error instanceof CemiflowError && error.code === 'ArtifactMissing') return [];
    throw error;
  }
};

const known = (who: string, where: string): CemiflowError =>
  new CemiflowError('StrangersKnown', `strangers must be people of no other set, ${who} ${where}`, {
    remedy: 'draw strangers from a population of their own (population: stranger), or give photos of other people',
    data: { where },
  });
