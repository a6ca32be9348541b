import { join } from 'node:path';
import { type Adoption, adoptRun } from '../../engine/adopt/index.ts';
import { knownFolders } from '../../engine/replay/places.ts';
import type { Run } from '../command.ts';
import { connectPlace } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { lineageOf } from '../lineage.ts';
import { findRun } from '../runs.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const choice = { pieces: args.count('replay', 1) ?? 1, seed: args.count('seed') ?? Date.now() % 2 ** 31 };
  const { store, place } = await connectPlace(session);
  const document = await findRun(store, args.positionals[0] ?? '');
  const lineage = await lineageOf(store, document);
  const adoption = await adoptRun(lineage, document, choice, {
    store,
    replays: {
      ...{ store: place, folders: await knownFolders(store, session.cwd) },
      ...{ env: session.env, signal: session.interrupted },
    },
    root: join(import.meta.dirname, '../..'),
    tell: session.note,
  });
  session.print(
    session.json ? JSON.stringify({ ...adoption, seed: choice.seed }, null, 2) : told(adoption, choice.seed),
  );
  return exitCodes.ok;
};

const told = ({ run, rootDigest, adopted, present, reports, kinds, statement }: Adoption, seed: number): string => {
  const rows = Object.entries(kinds).map(([kind, { actions, replayed }]) => [
    kind,
    `${actions} adopted`,
    `${replayed.length} replayed, all the same`,
  ]);
  const pieces = Object.values(kinds).reduce((sum, { replayed }) => sum + replayed.length, 0);
  const counts = [
    `${adopted} actions adopted after ${pieces} replays (--seed ${seed})`,
    ...(present > 0 ? [`${present} counted already`] : []),
    ...(reports.length > 0 ? [`made anew: ${reports.join(', ')}`] : []),
  ];
  return [
    ...(rows.length > 0 ? [alignColumns(rows)].map((lines) => lines.join('\n')) : []),
    `${run}: ${counts.join('; ')}`,
    ...(statement ? [`statement ${statement.digest}`] : []),
    ...(rootDigest ? [`root ${rootDigest}`] : []),
  ].join('\n');
};
