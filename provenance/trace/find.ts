import type { ArtifactRef } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Digest } from '../../core/digest.ts';
import { type Lineage, madeNodes, producerOf, shardsOf } from '../../core/lineage.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { programCode } from '../roles.ts';

/** What a digest names in a run. */
export interface Named {
  /** The node that it belongs to; absent for what belongs to the run as a whole. */
  readonly node?: string;
  /** `output weights`, `file weights.safetensors of output weights`, `action`, `record`, `source code`, … */
  readonly what: string;
}

/** What the digest names in this run: an artifact, one of its files, an action, a record, code, or the run itself. */
export const nameOf = async (
  lineage: Lineage,
  store: Pick<ArtifactStore, 'getArtifact'>,
  digest: Digest,
): Promise<Named | undefined> => {
  if (lineage.root?.digest === digest) return { what: `the run ${lineage.run.id}: its root` };
  for (const { node, record } of madeNodes(lineage))
    for (const each of [record, ...shardsOf(lineage, record)]) {
      const of = each === record ? '' : ` of part ${(record.parts ?? []).indexOf(each.key) + 1}`;
      const { source } = each;
      if (each.key === digest) return { node: node.id, what: `action${of}` };
      if (lineage.digests.get(each.key) === digest) return { node: node.id, what: `record${of}` };
      if (each.action.code === digest) return { node: node.id, what: 'code of the stage kind' };
      if (source.code.digest === digest) return { node: node.id, what: 'source files of the stage kind' };
      if (source.lock === digest) return { node: node.id, what: 'package-lock.json' };
      if (each.log === digest) return { node: node.id, what: 'what the program printed' };
      if (programCode(each)?.digest === digest) return { node: node.id, what: 'code of the program' };
      if (source.uncommitted === digest) return { node: node.id, what: 'uncommitted changes' };
    }
  const maker = producerOf(lineage, digest)?.node.id;
  if (maker !== undefined) return { node: maker, what: outputName(lineage, maker, digest) };
  return fileNamed(lineage, store, digest);
};

const outputName = (lineage: Lineage, id: string, digest: Digest): string => {
  const made = madeNodes(lineage).find(({ node }) => node.id === id);
  const name = Object.entries(made?.record.outputs ?? {}).find(([, ref]) => ref.digest === digest)?.[0];
  return name === undefined ? 'output of a part' : `output ${name}`;
};

/** The first artifact of the run that has a file with this digest. */
const fileNamed = async (
  lineage: Lineage,
  store: Pick<ArtifactStore, 'getArtifact'>,
  digest: Digest,
): Promise<Named | undefined> => {
  const outputs = madeNodes(lineage).flatMap(({ node, record }) =>
    Object.entries(record.outputs).map(([name, ref]) => ({ node: node.id, of: `output ${name}`, ref })),
  );
  const sources = madeNodes(lineage).map(({ node, record }) => ({
    ...{ node: node.id, of: 'source files' },
    ref: record.source.code,
  }));
  const once = new Map([...outputs, ...sources].map((each) => [each.ref.digest, each]));
  const found = await mapBounded([...once.values()], lanes, async ({ node, of, ref }) => {
    const path = await pathIn(store, ref, digest);
    return path === undefined ? undefined : { node, what: `file ${path} of ${of}` };
  });
  return found.find((each) => each !== undefined);
};

/** A manifest that cannot be read names nothing: an audit says so. */
const pathIn = async (
  store: Pick<ArtifactStore, 'getArtifact'>,
  ref: ArtifactRef,
  digest: Digest,
): Promise<string | undefined> => {
  const manifest = await store.getArtifact(ref).catch(() => undefined);
  return manifest?.files.find((file) => file.digest === digest)?.path;
};
