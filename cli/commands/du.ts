import { connectStore } from '../../client/connect.ts';
import { usage } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

export const run: Run = async (_args, session) => {
  const { total, kinds, keepings } = await usage(await connectStore(session));
  if (session.json) {
    session.print(JSON.stringify({ total, kinds, keepings }, null, 2));
    return exitCodes.ok;
  }
  const rows = Object.entries(kinds).map(([kind, { objects, bytes }]) => [formatBytes(bytes), `${objects}`, kind]);
  session.print(alignColumns([...rows, [formatBytes(total.bytes), `${total.objects}`, 'in all']]).join('\n'));
  if (keepings.length === 0) return exitCodes.ok;
  const head = ['keeps', 'alone', ''];
  const kept = keepings.map(({ name, bytes, alone, unreadable }) =>
    unreadable
      ? ['unknown', 'unknown', `${name}: ${unreadable}`]
      : [formatBytes(bytes), formatBytes(alone.bytes), name],
  );
  session.print(`\n${alignColumns([head, ...kept]).join('\n')}`);
  return exitCodes.ok;
};
