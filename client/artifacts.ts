import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Outputs } from '../core/action.ts';
import { type ArtifactRef, artifactTypes } from '../core/artifact.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { PlanNode } from '../core/plan.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { stage } from './export/folder.ts';
import { rootOf } from './lineage.ts';
import { progressNodes, skippedIn, statusOf } from './planned.ts';
import { findRun } from './runs.ts';

/**
 * Writes an artifact's files into a folder, all of them or none. The folder is made where it is missing.
 *
 * @returns their paths
 * @throws CemiflowError `PathOutside` for an artifact whose paths leave the folder, `FolderInvalid`
 */
export const writeArtifact = async (store: Store, ref: ArtifactRef, folder: string): Promise<string[]> => {
  const { files } = await store.getArtifact(ref);
  return writeFiles(
    folder,
    files.map(({ path, digest }) => ({ path, read: () => store.getBlob(digest) })),
  );
};

/** A file to be written: its path within the folder, and what gives its content. */
export interface FileToWrite {
  readonly path: string;
  read(): Promise<Uint8Array | string>;
}

/** Writes files into a folder, all of them or none: those that are there already are replaced. Otherwise as `writeArtifact`. */
export const writeFiles = async (folder: string, files: readonly FileToWrite[]): Promise<string[]> => {
  const root = resolve(folder);
  await makeFolder(root);
  // Inside the folder, which may be another disk: files are moved by renaming.
  await stage(
    join(root, '.incoming'),
    async (put) => {
      for (const { path, read } of files) await put(path, await read());
    },
    async (staged) => {
      for (const { path } of files) {
        await makeFolder(dirname(join(root, path)));
        await rename(join(staged, path), join(root, path));
      }
    },
  );
  return files.map(({ path }) => join(root, path));
};

const makeFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CemiflowError('FolderInvalid', `${path} cannot be made: ${error.message}`, {
      remedy: 'name another folder with --out',
      data: { path },
      cause: error,
    });
  });
};

/**
 * Outputs of every node of the run that has been made. Nodes that were made without skipped inputs have other keys than the
 * plan has: only the run's document knows them.
 */
export const outputsOf = async (store: Store, run: RunDocument): Promise<Map<string, Outputs>> => {
  const written = progressNodes(run).flatMap(({ id, outputs }) => (outputs ? [[id, outputs] as const] : []));
  const { records } = await statusOf(run.plan, store);
  return new Map([...written, ...[...records].map(([id, { outputs }]) => [id, outputs] as const)]);
};

/** Why the run does without some of its nodes, as its document knows it. */
export const skipsOf = (run: RunDocument): Map<string, string> => skippedIn(progressNodes(run));

/**
 * `RUN:NODE` or `RUN:NODE.output`: an artifact of a run.
 *
 * @throws CemiflowError `UnknownRun`, `UnknownNode`, `UnknownOutput`, `NotMade`
 */
export const findArtifact = async (store: Store, name: string): Promise<ArtifactRef> => {
  const colon = name.indexOf(':');
  const run = await findRun(store, name.slice(0, colon));
  const { plan, id } = run;
  const wanted = name.slice(colon + 1);
  // A node's id may hold dots inside its brackets: student[m=0.5].log
  const node = plan.nodes.find((each) => wanted === each.id || wanted.startsWith(`${each.id}.`));
  if (!node)
    throw new CemiflowError('UnknownNode', `${id} has no node ${wanted}`, {
      remedy: `name one of ${plan.nodes.map((each) => each.id).join(', ')}`,
      data: { run: id, node: wanted },
    });
  const names = Object.keys(node.outputs);
  const output = wanted.slice(node.id.length + 1) || defaultOutput(node);
  if (!names.includes(output))
    throw new CemiflowError('UnknownOutput', `${node.id} has no output ${output}`, {
      remedy: `name one of ${names.join(', ')}`,
      data: { run: id, node: node.id, output },
    });
  const made = (await outputsOf(store, run)).get(node.id)?.[output];
  if (made) return made;
  throw new CemiflowError('NotMade', `${node.id} of ${id} has not been made, or its blobs are gone`, {
    remedy: `cemiflow status ${id} says why; cemiflow run makes it`,
    data: { run: id, node: node.id },
  });
};

/** The artifact of that digest, whatever its type; undefined where the digest is a blob's. */
export const artifactOf = async (store: Store, digest: Digest): Promise<ArtifactRef | undefined> => {
  if (await store.hasBlob(digest)) return undefined;
  for (const type of artifactTypes) {
    const found = await store.getArtifact({ type, digest }).catch((error: CemiflowError) => {
      if (error.code !== 'ArtifactInvalid') throw error;
    });
    if (found) return { type, digest };
  }
  return undefined;
};

/**
 * The artifact that a name means: a digest, `RUN:NODE`, or a run for its root and all that it depends on.
 *
 * @throws CemiflowError `UnknownArtifact`, `RunNotSealed`, and what `findArtifact` throws
 */
export const namedArtifact = async (store: Store, name: string): Promise<ArtifactRef> => {
  const ref = isDigest(name) ? await artifactOf(store, name) : undefined;
  if (ref) return ref;
  if (isDigest(name))
    throw new CemiflowError('UnknownArtifact', `${name} is a file, or part of no artifact`, {
      remedy: `cemiflow trace ${name} says what it belongs to`,
      data: { digest: name },
    });
  if (name.includes(':')) return findArtifact(store, name);
  return { type: 'run', digest: rootOf(await findRun(store, name)) };
};

/** What the kind's schema names first; a stored plan has its outputs sorted. */
const defaultOutput = ({ kind, outputs }: PlanNode): string =>
  loadStageSchemas().get(kind)?.defaultOutput ?? (Object.keys(outputs)[0] as string);
