import type { ActionRecord, Outputs } from '../core/action.ts';
import type { CemiflowError } from '../core/errors.ts';
import { type Plan, withoutPlaces } from '../core/plan.ts';
import { checkPrecision } from '../core/precision.ts';
import { isoTime } from '../core/time.ts';
import type { PlanStatus } from '../spec/plan-status.ts';
import type { RunDocument, Store } from '../store/index.ts';
import type { Caller, LaunchedHow } from './caller.ts';
import { type Approve, approveCommands, commandsIn } from './commands.ts';
import { connectStore, ensureServices, withClient } from './connect.ts';
import { expectedTimes } from './expected-times.ts';
import { sealMade } from './lineage.ts';
import { storeOwnKinds } from './own-kinds.ts';
import { type Planned, type SpecRequest, statusOf } from './planned.ts';
import { makePlan } from './planning.ts';
import type { ReachedRun } from './reach.ts';
import { isUnderWay, runIdOf } from './runs.ts';
import { checkHits } from './saved-plans.ts';
import { type Guard, type Resources, startRun, waitingRuns } from './start.ts';
import { startWorkers } from './workers.ts';

export interface LaunchRequest extends SpecRequest {
  readonly resources: Resources;
  readonly guard: Guard;
  /** Of compute time. */
  readonly budgetSeconds?: number;
  /** Asks whether programs may run that are new on this machine. */
  readonly approve: Approve;
}

/** A run for which everything was in the store: no worker was started. */
export interface AllMade {
  readonly how: 'all made';
  readonly store: Store;
  readonly run: Pick<RunDocument, 'id' | 'plan' | 'spec' | 'places'>;
  /** Of every node of the plan. */
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/** A run that is under way. */
export interface Launched extends ReachedRun {
  readonly how: LaunchedHow;
}

/**
 * Runs an experiment, or attaches to its run where it is under way. Starts servers and workers that are not up. Where the run
 * waits for a person, its failed stages are retried.
 *
 * @throws SpecError, CemiflowError
 */
export const launch = async (request: LaunchRequest, caller: Caller): Promise<AllMade | Launched> => {
  const planned = await makePlan(request, caller);
  const { plan, spec, places } = planned;
  const run = { id: runIdOf(plan), plan: withoutPlaces(plan), spec, places };
  const store = await connectStore(caller);
  const since = await store.sweeps.settled();
  const status = await statusOf(plan, store, caller.home);
  checkHits(planned, status, caller);
  const made = await allMade(status, store, caller);
  if (made && (await sealHits(run, made, store))) {
    const outputs = new Map([...made].map(([id, record]) => [id, record.outputs]));
    // A gc may have taken something before the run had a document: then it is made again below.
    if (await store.sweeps.unswept(since)) return { how: 'all made', store, run, outputs };
  }
  checkPrecisions(plan, status, request.resources);
  await approveCommands(commandsIn(plan, status), request.approve, caller);
  return launchPlanned(planned, status, run, request, store, caller);
};

/** Before anything is started: what is to be made on the CPU, and cannot. A GPU is only known to its worker. */
const checkPrecisions = ({ nodes }: Plan, status: PlanStatus, { device }: Resources): void => {
  if (device === 'gpu') return;
  for (const { id, params } of nodes)
    if (status.nodes.get(id)?.state !== 'hit') checkPrecision(params.precision, { device, tf32: false }, id);
};

const launchPlanned = async (
  planned: Planned,
  status: PlanStatus,
  own: AllMade['run'],
  { resources, guard, budgetSeconds }: LaunchRequest,
  store: Store,
  caller: Caller,
): Promise<Launched> => {
  const endpoints = await ensureServices(caller);
  const plan = await storeOwnKinds(planned.plan, planned.ownKinds, store);
  // Beside the start of the workers, which takes longer.
  const [build, estimates] = await Promise.all([
    startWorkers(caller, resources),
    expectedTimes(planned, status, store, resources.device),
  ]);
  return withClient(endpoints, async (client) => {
    const { id: runId, spec, places } = own;
    const how = await startRun(client, store, {
      ...{ runId, plan, resources, guard, build, spec, places, estimates },
      budgetSeconds,
    });
    const { ui } = endpoints.temporal;
    caller.on({ kind: 'launched', run: runId, how, ...(ui !== undefined && { console: ui }) });
    for (const other of await waitingRuns(client, build)) caller.on({ kind: 'other build', run: other });
    if (how === 'attached') {
      const { retryFailed, updateRun } = await import('./updates.ts');
      if (budgetSeconds) await updateRun(client, runId, 'budget', { seconds: budgetSeconds, estimates }, caller);
      await retryFailed(client, runId, caller);
    }
    const startedAt = isoTime(new Date());
    const run = { ...own, startedAt, workflowId: runId, ...(await store.getRun(runId)) };
    return { how, endpoints, store, run };
  });
};

/**
 * A run for which nothing had to be made has a document and a root like any other.
 *
 * @returns false where a record cannot be read, which listings do not show: its action is made again
 */
const sealHits = async (
  run: Pick<RunDocument, 'id' | 'plan' | 'spec' | 'places'>,
  made: ReadonlyMap<string, ActionRecord>,
  store: Store,
): Promise<boolean> => {
  const document = await store.getRun(run.id).catch((error) => {
    if (error.code !== 'RunCorrupt') throw error;
  });
  if (isUnderWay(document?.state ?? 'done')) return true;
  // The spec and its folders may have moved since.
  if (document?.root) {
    await store.putRun({ ...document, places: run.places });
    return true;
  }
  const now = isoTime(new Date());
  const keys = new Map([...made].map(([id, { key }]) => [id, key]));
  const fresh: RunDocument = { ...run, workflowId: run.id, startedAt: now, endedAt: now, state: 'done' };
  try {
    await sealMade(store, document?.state === 'done' ? document : fresh, keys);
    return true;
  } catch (error) {
    if ((error as CemiflowError).code !== 'RecordMissing') throw error;
    return false;
  }
};

/** @returns the nodes' records, where all are in the store */
const allMade = async (
  { nodes, records }: PlanStatus,
  store: Store,
  { on }: Caller,
): Promise<ReadonlyMap<string, ActionRecord> | undefined> => {
  if ([...nodes.values()].some(({ state }) => state !== 'hit')) return undefined;
  // No stage reads a report, so that only this notices where it is damaged.
  for (const ref of [...records.values()].flatMap(({ outputs }) => Object.values(outputs)))
    if (ref.type === 'report' && (await store.dropIfDamaged(ref))) {
      on({ kind: 'report damaged', digest: ref.digest });
      return undefined;
    }
  return records;
};
