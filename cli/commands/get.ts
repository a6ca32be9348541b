import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ArtifactRef, ArtifactType } from '../../core/artifact.ts';
import { type Digest, isDigest, shortDigest } from '../../core/digest.ts';
import type { CemiflowError } from '../../core/errors.ts';
import type { Store } from '../../store/index.ts';
import { findArtifact, writeArtifact } from '../artifacts.ts';
import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes, usageError } from '../exit.ts';

export const run: Run = async (args, session) => {
  const name = args.positionals[0] ?? '';
  if (!isDigest(name) && !name.includes(':'))
    throw usageError(`${name} is neither sha256:<64 hex digits> nor RUN:NODE`, 'cemiflow runs lists the runs');
  const store = await connectStore(session);
  const ref = isDigest(name) ? await artifactOf(store, name) : await findArtifact(store, name);
  const target = resolve(session.cwd, args.text('out') ?? shortDigest(ref?.digest ?? (name as Digest)));
  const written = ref ? await writeArtifact(store, ref, target) : await writeBlob(store, name as Digest, target);
  session.print(session.json ? JSON.stringify({ ...ref, files: written }) : written.join('\n'));
  return exitCodes.ok;
};

const types: readonly ArtifactType[] = [
  ...(['dataset', 'benchmarks', 'weights', 'centers'] as const),
  ...(['inquiries', 'scores', 'metrics', 'report'] as const),
];

/** The artifact of that digest, whatever its type; undefined where the digest is a blob's. */
const artifactOf = async (store: Store, digest: Digest): Promise<ArtifactRef | undefined> => {
  if (await store.hasBlob(digest)) return undefined;
  for (const type of types) {
    const found = await store.getArtifact({ type, digest }).catch((error: CemiflowError) => {
      if (error.code !== 'ArtifactInvalid') throw error;
    });
    if (found) return { type, digest };
  }
  return undefined;
};

const writeBlob = async (store: Store, digest: Digest, target: string): Promise<string[]> => {
  await writeFile(target, await store.getBlob(digest));
  return [target];
};
