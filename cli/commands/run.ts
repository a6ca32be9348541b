import { type Approve, commandLines } from '../../client/commands.ts';
import { type AllMade, launch } from '../../client/launch.ts';
import { readBudget } from '../budget.ts';
import type { Arguments, Run } from '../command.ts';
import { callerOf } from '../events.ts';
import { exitCodes } from '../exit.ts';
import { followToEnd, tellReport } from '../outcome.ts';
import { overridesOf } from '../overrides.ts';
import { readGuard, readResources } from '../resources.ts';
import { printResult, type Session } from '../session.ts';

export const run: Run = async (args, session) => {
  const spec = { path: args.first, set: overridesOf(args) };
  const request = {
    ...spec,
    resources: readResources(args, session),
    guard: readGuard(args),
    budgetSeconds: readBudget(args),
    approve: approving(args, session),
  };
  const out = args.text('out');
  const launched = await launch(request, callerOf(session));
  if (launched.how === 'all made') {
    tellAllMade(launched, session);
    return tellReport({ ...launched, out }, session);
  }
  if (!args.flag('detach')) return followToEnd(launched, out, session);
  printResult(session, { run: launched.run.id, how: launched.how }, launched.run.id);
  return exitCodes.ok;
};

/** `--yes` approves; else a person is asked, where there is one. */
const approving =
  (args: Arguments, { ask, note }: Session): Approve =>
  async (commands) => {
    if (args.flag('yes')) return true;
    if (!ask) return false;
    note(['The spec runs programs of its own:', ...commandLines(commands)].join('\n'));
    return /^y(es)?$/i.test((await ask('Run them? [y/N] ')).trim());
  };

const tellAllMade = ({ run: { id, plan } }: AllMade, session: Session): void => {
  if (session.json)
    for (const node of plan.nodes) session.print(JSON.stringify({ run: id, stage: node.id, state: 'hit' }));
  else {
    const stages = plan.nodes.length === 1 ? 'its one stage is' : `all ${plan.nodes.length} stages are`;
    session.print(`${id}: ${stages} in the store, nothing to do`);
  }
};
