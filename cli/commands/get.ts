import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { artifactOf, findArtifact, writeArtifact } from '../../client/artifacts.ts';
import { connectStore } from '../../client/connect.ts';
import { type Digest, isDigest, shortDigest } from '../../core/digest.ts';
import type { Store } from '../../store/index.ts';
import type { Run } from '../command.ts';
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

const writeBlob = async (store: Store, digest: Digest, target: string): Promise<string[]> => {
  await writeFile(target, await store.getBlob(digest));
  return [target];
};
