import { namedArtifact } from '../../client/artifacts.ts';
import { connectStore } from '../../client/connect.ts';
import { lineageOf } from '../../client/lineage.ts';
import { findRun } from '../../client/runs.ts';
import { isDigest, shortDigest } from '../../core/digest.ts';
import { madeNodes } from '../../core/lineage.ts';
import type { Store } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import type { Session } from '../session.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const name = args.positionals[0] ?? '';
  return isDigest(name) || name.includes(':') ? files(store, name, session) : outputs(store, name, session);
};

/** The files of an artifact. */
const files = async (store: Store, name: string, session: Session): Promise<number> => {
  const ref = await namedArtifact(store, name);
  const manifest = await store.getArtifact(ref);
  if (session.json) session.print(JSON.stringify({ ...ref, ...manifest }, null, 2));
  else {
    session.print(`${ref.type} ${ref.digest}`);
    const rows = manifest.files.map(({ path, bytes, digest }) => [path, formatBytes(bytes), digest]);
    session.print(alignColumns(rows).join('\n'));
  }
  return exitCodes.ok;
};

/** What the nodes of a run made. */
const outputs = async (store: Store, name: string, session: Session): Promise<number> => {
  const run = await findRun(store, name);
  const rows = [];
  for (const { node, record } of madeNodes(await lineageOf(store, run)))
    for (const [output, ref] of Object.entries(record.outputs)) {
      const { files } = await store.getArtifact(ref);
      const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
      rows.push({ node: node.id, output, ...ref, files: files.length, bytes });
    }
  if (session.json) session.print(JSON.stringify({ run: run.id, root: run.root, outputs: rows }, null, 2));
  else
    session.print(
      alignColumns(
        rows.map(({ node, output, type, digest, files, bytes }) => [
          ...[`${node}.${output}`, type, shortDigest(digest)],
          ...[`${files} file${files === 1 ? '' : 's'}`, formatBytes(bytes)],
        ]),
      ).join('\n'),
    );
  return exitCodes.ok;
};
