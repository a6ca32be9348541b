import { type ListedRun, listRuns } from '../../client/list-runs.ts';
import type { Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async (_args, session) => {
  const runs = await listRuns(callerOf(session));
  const rows = runs.map(({ run, state }) => [run.id, state, run.startedAt, run.places?.spec ?? run.spec.path]);
  const text = runs.length === 0 ? 'no runs yet: cemiflow run SPEC' : alignColumns(rows).join('\n');
  printResult(session, runs.map(asJson), text, 2);
  if (!session.json)
    for (const { run, again } of runs)
      if (again) session.note(`${run.id}: its workflow is gone: "${again}" takes it up again`);
  return exitCodes.ok;
};

const asJson = ({ run, state, again }: ListedRun) => {
  const { id, startedAt, endedAt } = run;
  // The texts of the spec's files are long; the run's record has them.
  const { files: _, ...spec } = run.spec;
  return { id, state, startedAt, endedAt, spec, again };
};
