import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { drawnFrom, type People } from '../../artifacts/people.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { factorNames, identityVector } from '../../faces/identity.ts';

/** Length of an identity vector: the factors of which the drawing program makes a person. */
export const identitySize = factorNames.length;

/** The identity vectors of a set that data/procedural drew, computed again from the people that its manifest names. */
export class DrawnPeople {
  readonly #vectors = new Map<number, Float64Array>();

  /**
   * @param identities of the set, as it numbers them
   * @throws CemiflowError `PeopleUnknown` where the set does not say who its identities are
   */
  static async of(
    store: Pick<ArtifactStore, 'getArtifact'>,
    ref: ArtifactRef,
    identities: Iterable<number>,
  ): Promise<DrawnPeople> {
    const { origin, people } = (await datasetCodec.read(store, ref)).meta;
    const namespaces = new Set(people.map(({ namespace }) => namespace));
    const source = namespaces.size === 1 ? drawnFrom((people[0] as People).namespace) : undefined;
    // Sets of another origin may show the same people, but number them otherwise, or mix them.
    if (origin !== 'procedural' || !source) throw unknown(ref, 'its manifest names no people that it drew');
    const isNamed = (identity: number): boolean =>
      people.some(({ first, count }) => identity >= first && identity < first + count);
    return new DrawnPeople(identities, (identity) => {
      if (!isNamed(identity)) throw unknown(ref, `its manifest does not name identity ${identity}`);
      return identityVector(source.seed, identity, source.population).factors;
    });
  }

  private constructor(identities: Iterable<number>, vectorOf: (identity: number) => Float64Array) {
    for (const identity of identities)
      if (!this.#vectors.has(identity)) this.#vectors.set(identity, vectorOf(identity));
  }

  /** @returns float32 [n, identitySize] */
  rows(identities: readonly number[]): Float32Array {
    const rows = new Float32Array(identities.length * identitySize);
    for (const [i, identity] of identities.entries())
      rows.set(this.#vectors.get(identity) as Float64Array, i * identitySize);
    return rows;
  }
}

const unknown = (ref: ArtifactRef, why: string): CemiflowError =>
  new CemiflowError('PeopleUnknown', `who dataset ${ref.digest} shows cannot be computed: ${why}`, {
    remedy: 'train on a set of data/procedural, or on a part of one (data/subset)',
    data: { dataset: ref.digest },
  });
