import { createHash } from 'node:crypto';
import type { ArtifactManifest, ArtifactRef } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { shardsOf, unpackShard } from '../../data/dataset.ts';
import { namesFile, type People, sharedPeople } from '../../data/people.ts';
import { ancestorsOf, type Lineage, type MadeNode, madeNodes } from '../lineage.ts';
import type { Reading } from '../reading.ts';
import { nodeOfParam } from '../trace/chain.ts';
import type { Finding } from './finding.ts';

/**
 * Images and people of a benchmark that are in a dataset which a model that it scores has learned from: its accuracy there is
 * that of memory.
 */
export const leakage = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const facts = new Facts(store);
  const found: Finding[] = [];
  for (const scored of madeNodes(lineage)) {
    if (scored.record.action.kind !== 'evaluate/verification') continue;
    const benchmarks = scored.record.action.params.benchmarks as unknown as ArtifactRef;
    const model = nodeOfParam(scored.node, 'recognizer');
    const datasets = model === undefined ? [] : datasetsAmong(ancestorsOf(lineage, model));
    for (const { node, ref } of datasets) {
      const people = await facts.sharedPeople(benchmarks, ref);
      const images = await facts.sharedImages(benchmarks, ref);
      if (people + images > 0) found.push(finding(scored, node, { people, images }));
    }
  }
  return found;
};

const finding = (
  { node }: MadeNode,
  dataset: string,
  { people, images }: { people: number; images: number },
): Finding => {
  const what = [
    ...(people > 0 ? [`${people} ${people === 1 ? 'person' : 'people'}`] : []),
    ...(images > 0 ? [`${images} image${images === 1 ? '' : 's'}`] : []),
  ].join(' and ');
  return {
    kind: 'leakage',
    severity: 'warning',
    message: `${node.id} scores a model that has learned from ${dataset}, which holds ${what} of the benchmark: its accuracy is no measure of unseen people`,
    nodes: [node.id, dataset],
    evidence: { people, images } as JsonObject,
  };
};

const datasetsAmong = (nodes: readonly MadeNode[]): { readonly node: string; readonly ref: ArtifactRef }[] =>
  nodes.flatMap(({ node, record }) =>
    Object.values(record.outputs)
      .filter(({ type }) => type === 'dataset')
      .map((ref) => ({ node: node.id, ref })),
  );

/** What is known of artifacts, each read once. Holds 32 bytes for an image. */
class Facts {
  readonly #store: Reading;
  readonly #manifests = new Map<Digest, Promise<ArtifactManifest | undefined>>();
  readonly #images = new Map<Digest, Promise<ReadonlySet<string>>>();
  readonly #names = new Map<Digest, Promise<readonly string[]>>();

  constructor(store: Reading) {
    this.#store = store;
  }

  /** People of both, by number where they were drawn, or by name. */
  async sharedPeople(a: ArtifactRef, b: ArtifactRef): Promise<number> {
    const [left, right] = await Promise.all([this.#people(a), this.#people(b)]);
    const named = new Set(await this.#named(a));
    return sharedPeople(left, right) + (await this.#named(b)).filter((name) => named.has(name)).length;
  }

  /** Images of both that are equal to the byte: all are packed by one encoder, so that equal pixels give equal bytes. */
  async sharedImages(a: ArtifactRef, b: ArtifactRef): Promise<number> {
    const left = await this.#hashes(a);
    return [...(await this.#hashes(b))].filter((hash) => left.has(hash)).length;
  }

  async #people(ref: ArtifactRef): Promise<People[]> {
    const people = (await this.#manifest(ref))?.meta.people;
    return Array.isArray(people) ? (people as unknown as People[]) : [];
  }

  #named(ref: ArtifactRef): Promise<readonly string[]> {
    return once(this.#names, ref.digest, async () => {
      const file = (await this.#manifest(ref))?.files.find(({ path }) => path === namesFile);
      return file ? (JSON.parse((await this.#store.getBlob(file.digest)).toString('utf8')) as string[]) : [];
    });
  }

  #hashes(ref: ArtifactRef): Promise<ReadonlySet<string>> {
    return once(this.#images, ref.digest, async () => {
      const found = new Set<string>();
      const files = (await this.#manifest(ref))?.files ?? [];
      const prefixes = new Set(files.flatMap(({ path }) => /^(.*?)shards\/[^/]+\.tar$/.exec(path)?.[1] ?? []));
      for (const prefix of prefixes)
        for (const { path, digest } of shardsOf(files, prefix))
          for (const { png } of unpackShard(await this.#store.getBlob(digest), path))
            found.add(createHash('sha256').update(png).digest('base64'));
      return found;
    });
  }

  #manifest(ref: ArtifactRef): Promise<ArtifactManifest | undefined> {
    return once(this.#manifests, ref.digest, () => this.#store.getArtifact(ref));
  }
}

const once = <T>(known: Map<Digest, Promise<T>>, digest: Digest, read: () => Promise<T>): Promise<T> => {
  const pending = known.get(digest) ?? read();
  known.set(digest, pending);
  return pending;
};
