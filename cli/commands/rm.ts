import { connectStore } from '../../client/connect.ts';
import { findRun, isUnderWay } from '../../client/runs.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const ids = new Set<string>();
  // All names are looked up before anything is removed: one of them may be wrong, or mean another run once the first is gone.
  for (const name of args.positionals) {
    // A damaged document keeps gc from its work: it is removed by its whole id.
    const found = await findRun(store, name).catch((error) => {
      if (error.code !== 'RunCorrupt' || error.data?.id !== name) throw error;
    });
    const id = found?.id ?? name;
    if (found && isUnderWay(found.state) && !args.flag('force'))
      throw new CemiflowError('RunUnderWay', `${id} is ${found.state ?? 'running'}`, {
        remedy: `cemiflow cancel ${id} ends it; --force removes it all the same, where its workflow is gone`,
        data: { run: id, state: found.state ?? 'running' },
      });
    ids.add(id);
  }
  const removed = [...ids];
  for (const id of removed) await store.removeRun(id);
  if (session.json) session.print(JSON.stringify({ removed }));
  else {
    session.print(removed.map((id) => `${id} is removed`).join('\n'));
    session.note('"cemiflow gc" shows what nothing needs now; until it has removed it, "cemiflow run" finds it made');
  }
  return exitCodes.ok;
};
