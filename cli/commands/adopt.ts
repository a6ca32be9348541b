import { type Adoption, adopt } from '../../client/adopt.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const seed = args.count('seed') ?? Date.now() % 2 ** 31;
  const request = { run: args.positionals[0] ?? '', pieces: args.count('replay', 1) ?? 1, seed };
  const adoption = await adopt(request, callerOf(session));
  printResult(session, { ...adoption, seed }, textOf(adoption, seed), 2);
  return exitCodes.ok;
};

const textOf = ({ run, rootDigest, adopted, present, reports, kinds, statement }: Adoption, seed: number): string => {
  const rows = Object.entries(kinds).map(([kind, { actions, replayed }]) => [
    kind,
    `${actions} adopted`,
    `${replayed.length} replayed, all the same`,
  ]);
  const pieces = Object.values(kinds).reduce((sum, { replayed }) => sum + replayed.length, 0);
  const counts = [
    `${plural(adopted, 'action')} adopted after ${plural(pieces, 'replay')} (--seed ${seed})`,
    ...(present > 0 ? [`${present} counted already`] : []),
    ...(reports.length > 0 ? [`made again: ${reports.join(', ')}`] : []),
  ];
  return [
    ...(rows.length > 0 ? [alignColumns(rows)].map((lines) => lines.join('\n')) : []),
    `${run}: ${counts.join('; ')}`,
    ...(statement ? [`statement ${statement.digest}`] : []),
    ...(rootDigest ? [`root ${rootDigest}`] : []),
  ].join('\n');
};
