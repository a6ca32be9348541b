import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ArtifactManifest, ArtifactRef } from '../core/artifact.ts';
import { type Digest, isDigest, shortDigest } from '../core/digest.ts';
import { madeNodes } from '../core/lineage.ts';
import { artifactOf, findArtifact, namedArtifact, writeArtifact } from './artifacts.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { lineageOf } from './lineage.ts';
import { findRun } from './runs.ts';
import { usageError } from './usage-error.ts';

/** An artifact that a node of a run has made. */
export interface MadeOutput extends ArtifactRef {
  readonly node: string;
  readonly output: string;
  readonly files: number;
  readonly bytes: number;
}

/** What a name means: an artifact with its files, or a run with the outputs of its nodes. */
export type Contents =
  | { readonly ref: ArtifactRef; readonly manifest: ArtifactManifest }
  | { readonly run: string; readonly root?: Digest; readonly outputs: readonly MadeOutput[] };

/** Lists what the nodes of a run made, or the files of an artifact. @param name a run, `RUN:NODE` or a digest */
export const list = async (name: string, caller: Caller): Promise<Contents> => {
  const store = await connectStore(caller);
  if (isDigest(name) || name.includes(':')) {
    const ref = await namedArtifact(store, name);
    return { ref, manifest: await store.getArtifact(ref) };
  }
  const run = await findRun(store, name);
  const outputs: MadeOutput[] = [];
  for (const { node, record } of madeNodes(await lineageOf(store, run)))
    for (const [output, ref] of Object.entries(record.outputs)) {
      const { files } = await store.getArtifact(ref);
      const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
      outputs.push({ node: node.id, output, ...ref, files: files.length, bytes });
    }
  return { run: run.id, ...(run.root && { root: run.root }), outputs };
};

/** What was written. */
export interface Got {
  /** Absent where a single blob was fetched. */
  readonly ref?: ArtifactRef;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/**
 * Fetches an artifact into a folder, or a blob into a file. Everything is rehashed on the way.
 *
 * @param name a digest or `RUN:NODE`
 * @param out by default the first 12 digits of the digest
 */
export const get = async (name: string, out: string | undefined, caller: Caller): Promise<Got> => {
  if (!isDigest(name) && !name.includes(':'))
    throw usageError(`${name} is neither sha256:<64 hex digits> nor RUN:NODE`, 'cemiflow runs lists the runs');
  const store = await connectStore(caller);
  const ref = isDigest(name) ? await artifactOf(store, name) : await findArtifact(store, name);
  const target = resolve(caller.cwd, out ?? shortDigest(ref?.digest ?? (name as Digest)));
  if (ref) return { ref, files: await writeArtifact(store, ref, target) };
  await writeFile(target, await store.getBlob(name as Digest));
  return { files: [target] };
};
