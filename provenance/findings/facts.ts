import type { Artifact } from '../../artifacts/codec.ts';
import { benchmarksCodec } from '../../artifacts/codecs/benchmarks.ts';
import { datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import { type People, sharedPeople } from '../../artifacts/people.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { DigestSet } from '../../data/intake/digest-set.ts';
import { hash64 } from '../../data/intake/image-hashes.ts';
import type { Reading } from '../reading.ts';

/** How many are in both sets, and the first few of them as examples. */
export interface Shared {
  readonly count: number;
  readonly examples: readonly string[];
}

const named = 3;

/** A dataset or benchmarks, by what both have. */
type Opened = Artifact<{ readonly people: readonly People[] }>;

/**
 * What benchmarks, or a set of strangers, and datasets have in common, each pair of them compared once. Holds 8 bytes for
 * each of the first's images, and one shard.
 */
export class Facts {
  readonly #store: Reading;
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #hashes = new Map<string, Promise<DigestSet>>();
  readonly #images = new Map<string, Promise<Shared>>();

  constructor(store: Reading) {
    this.#store = store;
  }

  /** People of both, by number where they were drawn, or by name. */
  async people(unseen: ArtifactRef, dataset: ArtifactRef): Promise<Shared> {
    const [left, right] = await Promise.all([this.#people(unseen), this.#people(dataset)]);
    // People who are not in a part of a set have an empty name there.
    const known = new Set((await this.#names(unseen)).filter((name) => name !== ''));
    const names = (await this.#names(dataset)).filter((name) => known.has(name));
    const drawn = right.flatMap((each) => {
      const shared = sharedPeople(left, [each]);
      return shared > 0 ? [`${shared} of ${each.namespace}`] : [];
    });
    return { count: sharedPeople(left, right) + names.length, examples: [...drawn, ...names].slice(0, named) };
  }

  /**
   * Images of both that are equal to the byte. Sets keep JPEG and WebP files as they came, so that the same pixels may lie in
   * different bytes: those are found by a stage that decodes them, whose findings are in `inspected.ts`.
   */
  images(unseen: ArtifactRef, dataset: ArtifactRef): Promise<Shared> {
    return once(this.#images, `${unseen.digest} ${dataset.digest}`, async () => {
      const known = await once(this.#hashes, unseen.digest, () => this.#hashesOf(unseen));
      const found = new Uint8Array(known.size);
      const examples: string[] = [];
      let count = 0;
      for await (const { hash, identity, image } of this.#each(dataset)) {
        const at = known.indexOf(hash);
        if (at === -1 || found[at] === 1) continue;
        found[at] = 1;
        count++;
        if (examples.length < named) examples.push(`image ${image} of identity ${identity}`);
      }
      return { count, examples };
    });
  }

  async #hashesOf(ref: ArtifactRef): Promise<DigestSet> {
    const found = new DigestSet();
    for await (const { hash } of this.#each(ref)) found.add(hash);
    return found;
  }

  /** Every image, shard by shard. */
  async *#each(
    ref: ArtifactRef,
  ): AsyncGenerator<{ readonly hash: bigint; readonly identity: number; readonly image: number }> {
    for (const { path, digest } of everyShard((await this.#open(ref)).files))
      for (const { identity, image, bytes } of unpackShard(await this.#store.getBlob(digest), path))
        yield { hash: hash64(bytes), identity, image };
  }

  async #people(ref: ArtifactRef): Promise<readonly People[]> {
    return (await this.#open(ref)).meta.people;
  }

  async #names(ref: ArtifactRef): Promise<readonly string[]> {
    return readNames(this.#store, await this.#open(ref));
  }

  #open(ref: ArtifactRef): Promise<Opened> {
    const codec = ref.type === 'benchmarks' ? benchmarksCodec : datasetCodec;
    return once(this.#opened, ref.digest, () => codec.read(this.#store, ref));
  }
}

/** Of a dataset, and of each set of benchmarks. */
const everyShard = (files: readonly FileEntry[]): { readonly path: string; readonly digest: Digest }[] => {
  const prefixes = new Set(files.flatMap(({ path }) => /^(.*?)shards\/[^/]+\.tar$/.exec(path)?.[1] ?? []));
  return [...prefixes].flatMap((prefix) => [...shardsOf(files, prefix)]);
};

const once = <T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
  const pending = known.get(key) ?? read();
  known.set(key, pending);
  return pending;
};
