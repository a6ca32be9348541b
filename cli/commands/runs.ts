import type { Run } from '../command.ts';
import { connectStore } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (_args, session) => {
  const runs = await (await connectStore(session)).listRuns();
  if (session.json) {
    const rows = runs.map(({ id, state, startedAt, endedAt, spec }) => ({ id, state, startedAt, endedAt, spec }));
    session.print(JSON.stringify(rows, null, 2));
  } else if (runs.length === 0) session.print('no runs yet: cemiflow run SPEC');
  else {
    const rows = runs.map(({ id, state = 'running', startedAt, spec }) => [id, state, startedAt, spec.path]);
    session.print(alignColumns(rows).join('\n'));
  }
  return exitCodes.ok;
};
