import { connectStore } from '../../client/connect.ts';
import { gc } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

const hour = 3600;

export const run: Run = async (args, session) => {
  const remove = args.flag('remove');
  const store = await connectStore(session);
  const graceSeconds = args.count('grace') ?? hour;
  const { note: tell, interrupted: signal } = session;
  const { garbage, kept, young } = await gc(store, { graceSeconds, dryRun: !remove, tell, signal });
  const objects = Object.values(garbage).reduce((sum, each) => sum + each.objects, 0);
  const bytes = Object.values(garbage).reduce((sum, each) => sum + each.bytes, 0);
  if (session.json) session.print(JSON.stringify({ removed: remove, objects, bytes, garbage, kept, young }, null, 2));
  else {
    const rows = Object.entries(garbage).map(([place, each]) => [place, `${each.objects}`, formatBytes(each.bytes)]);
    session.print(alignColumns([...rows, ['kept', `${kept.objects}`, formatBytes(kept.bytes)]]).join('\n'));
    if (young.objects > 0)
      session.print(`${young.objects} objects (${formatBytes(young.bytes)}) are needed by nothing yet, and too young`);
    const what = `${objects} objects, ${formatBytes(bytes)}`;
    const hint = objects === 0 ? '' : ': "cemiflow gc --remove" removes them';
    session.print(remove ? `removed ${what}` : `would remove ${what}${hint}`);
  }
  return exitCodes.ok;
};
