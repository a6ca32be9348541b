import { collectGarbage } from '../../client/space.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns, formatBytes } from '../view/format.ts';

export const run: Run = async (args, session) => {
  const remove = args.flag('remove');
  const found = await collectGarbage({ remove, graceSeconds: args.count('grace') }, callerOf(session));
  const { garbage, kept, young } = found;
  const objects = Object.values(garbage).reduce((sum, each) => sum + each.objects, 0);
  const bytes = Object.values(garbage).reduce((sum, each) => sum + each.bytes, 0);
  const rows = Object.entries(garbage).map(([place, each]) => [place, `${each.objects}`, formatBytes(each.bytes)]);
  const what = `${plural(objects, 'object')}, ${formatBytes(bytes)}`;
  const hint = objects === 0 ? '' : ': "cemiflow gc --remove" removes them';
  const lines = [
    ...alignColumns([...rows, ['kept', `${kept.objects}`, formatBytes(kept.bytes)]]),
    ...(young.objects > 0
      ? [
          `${plural(young.objects, 'object')} (${formatBytes(young.bytes)}) needed by nothing yet, but too young to remove`,
        ]
      : []),
    remove ? `removed ${what}` : `would remove ${what}${hint}`,
  ];
  printResult(session, { removed: remove, objects, bytes, garbage, kept, young }, lines.join('\n'), 2);
  return exitCodes.ok;
};
