import { resolve } from 'node:path';
import type { Outputs } from '../../core/action.ts';
import type { Plan } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import type { Store } from '../../store/index.ts';
import type { Arguments, Run } from '../command.ts';
import { connectStore, ensureServices, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { launch, readGuard, readResources, startWorkers, waitingRuns } from '../launch.ts';
import { followToEnd, tellReport } from '../outcome.ts';
import { makePlan, statusOf } from '../planning.ts';
import { runIdOf } from '../runs.ts';
import type { Session } from '../session.ts';

export const run: Run = async (args, session) => {
  const resources = readResources(args, session);
  const guard = readGuard(args);
  const plan = await makePlan(args, session);
  const runId = runIdOf(plan);
  const out = args.text('out');
  const store = await connectStore(session);
  const outputs = await allMade(plan, store, session);
  if (outputs) return tellReport({ store, plan, runId, out, outputs }, session);
  const endpoints = await ensureServices(session);
  const build = await startWorkers(session, resources);
  return withClient(endpoints, async (client) => {
    const spec = specOf(args, session);
    const how = await launch(client, store, { runId, plan, resources, guard, build, spec });
    session.note(`${how} ${runId}${endpoints.temporal.ui ? ` · console ${endpoints.temporal.ui}` : ''}`);
    for (const other of await waitingRuns(client, build))
      session.note(
        `${other} was started with other code and waits; "cemiflow run" with its spec goes on with this code`,
      );
    if (how === 'attached') await (await import('../ask.ts')).retryFailed(client, runId, session);
    if (args.flag('detach')) {
      session.print(session.json ? JSON.stringify({ run: runId, how }) : runId);
      return exitCodes.ok;
    }
    const run = {
      id: runId,
      plan,
      spec,
      startedAt: isoTime(new Date()),
      workflowId: runId,
      ...(await store.getRun(runId)),
    };
    return followToEnd({ client, store, run, out }, session);
  });
};

/** With everything there, tells so, and no worker has to start. @returns the outputs, where all are there */
const allMade = async (
  plan: Plan,
  store: Store,
  session: Session,
): Promise<ReadonlyMap<string, Outputs> | undefined> => {
  const { nodes, records } = await statusOf(plan, store);
  const hits = [...nodes].filter(([, { state }]) => state === 'hit');
  if (hits.length < nodes.size) return undefined;
  const outputs = new Map([...records].map(([id, record]) => [id, record.outputs]));
  // Nobody reads a report but the person who asks for it now.
  for (const ref of [...outputs.values()].flatMap((made) => Object.values(made)))
    if (ref.type === 'report' && (await store.dropIfDamaged(ref))) {
      session.note(`the report ${ref.digest} was damaged in the store: it is made anew`);
      return undefined;
    }
  if (session.json)
    for (const [stage, { state }] of hits) session.print(JSON.stringify({ run: runIdOf(plan), stage, state }));
  else session.print(`${runIdOf(plan)}: all ${nodes.size} stages are in the store, nothing to do`);
  return outputs;
};

const specOf = (args: Arguments, { cwd }: Session) => {
  const set = [...args.texts('set')];
  return { path: resolve(cwd, args.positionals[0] ?? ''), ...(set.length > 0 ? { overrides: { set } } : {}) };
};
