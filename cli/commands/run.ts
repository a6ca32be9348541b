import type { ActionRecord } from '../../core/action.ts';
import { type Plan, withoutPlaces } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import type { PlanStatus } from '../../spec/plan-status.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { connectStore, ensureServices, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { launch, readGuard, readResources, startWorkers, waitingRuns } from '../launch.ts';
import { sealMade } from '../lineage.ts';
import { followToEnd, tellReport } from '../outcome.ts';
import { makePlan, statusOf } from '../planning.ts';
import { isUnderWay, runIdOf } from '../runs.ts';
import { checkHits } from '../saved-plans.ts';
import type { Session } from '../session.ts';

export const run: Run = async (args, session) => {
  const resources = readResources(args, session);
  const guard = readGuard(args);
  const planned = await makePlan(args, session);
  const { plan, spec, places } = planned;
  const runId = runIdOf(plan);
  const out = args.text('out');
  const store = await connectStore(session);
  const since = await store.sweeps.settled();
  const status = await statusOf(plan, store);
  checkHits(planned, status, session);
  const made = await allMade(plan, status, store, session);
  if (made) {
    await sealHits({ id: runId, plan: withoutPlaces(plan), spec, places }, made, store);
    const outputs = new Map([...made].map(([id, record]) => [id, record.outputs]));
    // A gc may have taken something before the run had a document: then it is made anew below.
    if (await store.sweeps.unswept(since)) return tellReport({ store, plan, runId, out, outputs }, session);
  }
  const endpoints = await ensureServices(session);
  const build = await startWorkers(session, resources);
  return withClient(endpoints, async (client) => {
    const how = await launch(client, store, { runId, plan, resources, guard, build, spec, places });
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
      plan: withoutPlaces(plan),
      spec,
      places,
      startedAt: isoTime(new Date()),
      workflowId: runId,
      ...(await store.getRun(runId)),
    };
    return followToEnd({ client, store, run, out }, session);
  });
};

/** A run for which nothing had to be made has a document and a root like any other. */
const sealHits = async (
  run: Pick<RunDocument, 'id' | 'plan' | 'spec' | 'places'>,
  made: ReadonlyMap<string, ActionRecord>,
  store: Store,
): Promise<void> => {
  const document = await store.getRun(run.id).catch((error) => {
    if (error.code !== 'RunCorrupt') throw error;
  });
  if (isUnderWay(document?.state ?? 'done')) return;
  // The spec and its folders may have moved since.
  if (document?.root) return store.putRun({ ...document, places: run.places });
  const now = isoTime(new Date());
  const keys = new Map([...made].map(([id, { key }]) => [id, key]));
  const fresh: RunDocument = { ...run, workflowId: run.id, startedAt: now, endedAt: now, state: 'done' };
  await sealMade(store, document?.state === 'done' ? document : fresh, keys);
};

/** With everything there, tells so, and no worker has to start. @returns the nodes' records, where all are there */
const allMade = async (
  plan: Plan,
  { nodes, records }: PlanStatus,
  store: Store,
  session: Session,
): Promise<ReadonlyMap<string, ActionRecord> | undefined> => {
  const hits = [...nodes].filter(([, { state }]) => state === 'hit');
  if (hits.length < nodes.size) return undefined;
  // Nobody reads a report but the person who asks for it now.
  for (const ref of [...records.values()].flatMap(({ outputs }) => Object.values(outputs)))
    if (ref.type === 'report' && (await store.dropIfDamaged(ref))) {
      session.note(`the report ${ref.digest} was damaged in the store: it is made anew`);
      return undefined;
    }
  if (session.json)
    for (const [stage, { state }] of hits) session.print(JSON.stringify({ run: runIdOf(plan), stage, state }));
  else session.print(`${runIdOf(plan)}: all ${nodes.size} stages are in the store, nothing to do`);
  return records;
};
