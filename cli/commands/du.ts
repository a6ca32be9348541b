import { diskUsage } from '../../client/space.ts';
import type { Usage } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

export const run: Run = async (_args, session) => {
  const { total, kinds, keepings } = await diskUsage(callerOf(session));
  printResult(session, { total, kinds, keepings }, tableOf({ total, kinds, keepings }).join('\n'), 2);
  return exitCodes.ok;
};

const tableOf = ({ total, kinds, keepings }: Usage): string[] => {
  const rows = Object.entries(kinds).map(([kind, { objects, bytes }]) => [formatBytes(bytes), `${objects}`, kind]);
  const sizes = alignColumns([...rows, [formatBytes(total.bytes), `${total.objects}`, 'in all']]);
  if (keepings.length === 0) return sizes;
  const kept = keepings.map(({ name, bytes, alone, unreadable }) =>
    unreadable
      ? ['unknown', 'unknown', `${name}: ${unreadable}`]
      : [formatBytes(bytes), formatBytes(alone.bytes), name],
  );
  return [...sizes, '', ...alignColumns([['keeps', 'alone', ''], ...kept])];
};
