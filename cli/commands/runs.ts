import type { RunDocument } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { connectStore, ensureServices, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { isUnderWay } from '../runs.ts';
import type { Session } from '../session.ts';
import { runCommand } from '../shell.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (_args, session) => {
  const runs = await (await connectStore(session)).listRuns();
  const gone = await goneRuns(runs, session);
  const stateOf = ({ id, state = 'running' }: RunDocument): string => (gone.has(id) ? 'gone' : state);
  if (session.json) {
    const rows = runs.map((run) => {
      const { id, startedAt, endedAt } = run;
      // What its files hold stands in the run's record.
      const { files: _, ...spec } = run.spec;
      return { id, state: stateOf(run), startedAt, endedAt, spec, again: gone.has(id) ? runCommand(run) : undefined };
    });
    session.print(JSON.stringify(rows, null, 2));
  } else if (runs.length === 0) session.print('no runs yet: cemiflow run SPEC');
  else {
    session.print(
      alignColumns(runs.map((run) => [run.id, stateOf(run), run.startedAt, run.places?.spec ?? run.spec.path])).join(
        '\n',
      ),
    );
    for (const run of runs)
      if (gone.has(run.id)) session.note(`${run.id}: its workflow is gone: "${runCommand(run)}" takes it up again`);
  }
  return exitCodes.ok;
};

/** Ids of the runs that their documents take for running, and that Temporal knows nothing of. */
const goneRuns = async (runs: readonly RunDocument[], session: Session): Promise<ReadonlySet<string>> => {
  const underWay = runs.filter(({ state }) => isUnderWay(state));
  if (underWay.length === 0) return new Set();
  const endpoints = await ensureServices(session);
  const { isGone } = await import('../view/snapshot.ts');
  return withClient(endpoints, async (client) => {
    const gone = await Promise.all(underWay.map(async ({ id }) => ((await isGone(client, id)) ? [id] : [])));
    return new Set(gone.flat());
  });
};
