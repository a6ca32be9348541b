import { resolve } from 'node:path';
import { exportFolder } from '../../data/folder/export.ts';
import { findArtifact } from '../artifacts.ts';
import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async ({ positionals: [name = '', folder = ''] }, session) => {
  const store = await connectStore(session);
  const path = resolve(session.cwd, folder);
  const count = await exportFolder(store, await findArtifact(store, name), path);
  if (session.json) session.print(JSON.stringify({ path, ...count }));
  else session.print(`${count.images} images of ${count.identities} identities in ${path}`);
  return exitCodes.ok;
};
