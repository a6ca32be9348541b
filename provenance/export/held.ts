import type { ActionRecord } from '../../core/action.ts';
import type { ArtifactManifest, ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import { inputArtifacts, type Lineage, madeNodes, shardsOf } from '../../core/lineage.ts';
import { wholeKind } from '../../core/stage.ts';
import type { Reading } from '../reading.ts';
import { programCode } from '../roles.ts';

/** An artifact of the run, named after what it belongs to first. */
export interface Held {
  readonly ref: ArtifactRef;
  readonly manifest: ArtifactManifest;
  /** `synthetic.data`, `synthetic#2.data`, `source of KIND`, `the run`. */
  readonly name: string;
  /** Where its files lie in an export that people browse: `artifacts/synthetic/data`. */
  readonly folder: string;
}

/** Everything that a run depends on, to the last file. */
export interface Holdings {
  /** Each artifact once: the sealed run, outputs of nodes, outputs and inputs of their parts, statements of adoptions, source files. */
  readonly artifacts: readonly Held[];
  /** Files that belong to no artifact: uncommitted changes, and what users' programs printed. */
  readonly loose: readonly FileEntry[];
}

/** @throws CemiflowError the store's, for what is damaged or missing */
export const holdingsOf = async (lineage: Lineage, store: Reading): Promise<Holdings> => {
  const artifacts = new Map<Digest, Held>();
  const loose = new Map<Digest, FileEntry>();
  const hold = async (ref: ArtifactRef, name: string, folder: string): Promise<void> => {
    if (!artifacts.has(ref.digest))
      artifacts.set(ref.digest, { ref, manifest: await store.getArtifact(ref), name, folder });
  };
  const holdOutputs = async ({ outputs }: ActionRecord, name: string, folder: string): Promise<void> => {
    for (const [output, ref] of Object.entries(outputs)) await hold(ref, `${name}.${output}`, `${folder}/${output}`);
  };
  if (lineage.root) await hold(lineage.root, 'the run', 'run');
  const nodes = madeNodes(lineage);
  for (const { node, record } of nodes) await holdOutputs(record, node.id, `artifacts/${slug(node.id)}`);
  for (const { node, record } of nodes)
    for (const [i, part] of shardsOf(lineage, record).entries())
      await holdOutputs(part, `${node.id}#${i + 1}`, `artifacts/${slug(node.id)}/parts/${i + 1}`);
  for (const { node, record } of nodes)
    for (const [i, part] of shardsOf(lineage, record).entries())
      for (const ref of inputArtifacts(part))
        await hold(
          ref,
          `${node.id}#${i + 1} took ${ref.type}`,
          `artifacts/${slug(node.id)}/parts/${i + 1}/took-${ref.type}`,
        );
  for (const record of lineage.records.values()) {
    const { action, source, adopted, log } = record;
    const program = programCode(record);
    if (program) await hold(program, `code ${shortDigest(program.digest)}`, `programs/${shortDigest(program.digest)}`);
    for (const ref of adopted?.statements ?? [])
      await hold(ref, `adoption ${shortDigest(ref.digest)}`, `adoptions/${shortDigest(ref.digest)}`);
    await hold(source.code, `source of ${wholeKind(action.kind)}`, 'source');
    if (source.uncommitted && !loose.has(source.uncommitted))
      loose.set(source.uncommitted, await looseEntry('source/uncommitted', 'diff', source.uncommitted, store));
    if (log && !loose.has(log)) loose.set(log, await looseEntry('logs/printed', 'txt', log, store));
  }
  return { artifacts: [...artifacts.values()], loose: [...loose.values()] };
};

const looseEntry = async (
  path: string,
  extension: 'diff' | 'txt',
  digest: Digest,
  store: Reading,
): Promise<FileEntry> => ({
  path: `${path}-${shortDigest(digest)}.${extension}`,
  digest,
  bytes: (await store.getBlob(digest)).length,
  mediaType: extension === 'diff' ? 'text/x-diff' : 'text/plain; charset=utf-8',
});

/** A node's id as the name of a folder and as a part of a URI: `students[m=0.5]` is `students-m=0.5`. */
export const slug = (id: string): string => id.replace(/[^A-Za-z0-9._=-]+/g, '-').replace(/^-+|-+$/g, '');

/** Where each file lies in an export that people browse. Equal files lie once, under the first name that they have. */
export const browsePaths = ({ artifacts, loose }: Holdings): Map<Digest, string> => {
  const paths = new Map<Digest, string>();
  const taken = new Set<string>();
  const put = (digest: Digest, folder: string, path: string): void => {
    if (paths.has(digest)) return;
    const plain = [folder, path].filter(Boolean).join('/');
    const free = taken.has(plain) ? `${folder}/${shortDigest(digest)}/${path}` : plain;
    taken.add(free);
    paths.set(digest, free);
  };
  for (const { manifest, folder } of artifacts)
    for (const { path, digest } of manifest.files) put(digest, folder, path);
  for (const { path, digest } of loose) put(digest, '', path);
  return paths;
};
