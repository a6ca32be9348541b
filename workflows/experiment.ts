import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  executeChild,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { StageResult } from '../activities/host.ts';
import type { ActionKey, Outputs } from '../core/action.ts';
import type { Json } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import { bookkeeping, callStage, queueOf } from './activities.ts';
import { describeRun } from './details.ts';
import { failureOf, stagesFailed } from './failures.ts';
import { type Ready, Schedule } from './schedule.ts';
import { sharded } from './sharded.ts';
import { type ExperimentInput, type ExperimentResult, progressQueryName, type RunProgress } from './types.ts';

/** A workflow's input is one payload (2 MiB at most) and is read again at every replay. */
export const maxPlanBytes = 1024 * 1024;
/** Keys of one look-up: the answer holds about 300 bytes for each. */
const lookupKeys = 500;

/** Runs the DAG of one plan: what is in the store is not made again, what can run runs, at most `maxParallel` at once. */
export async function experiment(input: ExperimentInput): Promise<ExperimentResult> {
  refuseLargePlan(input.plan);
  const schedule = new Schedule(input.plan);
  const progress = (): RunProgress => ({
    runId: input.runId,
    experiment: input.plan.experiment,
    device: input.device,
    build: input.build,
    nodes: schedule.progress(),
  });
  setHandler(defineQuery<RunProgress>(progressQueryName), progress);
  const record = (state: 'running' | 'done' | 'failed' | 'cancelled') => {
    setCurrentDetails(describeRun(progress()));
    return bookkeeping.recordRun({ runId: input.runId, state, progress: progress() as unknown as Json });
  };

  const inFlight = new Map<string, Promise<void>>();
  const start = (ready: Ready): void => {
    schedule.start(ready.node.id, Date.now());
    const settled = runNode(ready, input).then(
      ({ outputs, hit }) => schedule.succeed(ready.node.id, outputs, hit, Date.now()),
      (error) => {
        if (!isCancellation(error)) schedule.fail(ready.node.id, failureOf(error), Date.now());
      },
    );
    inFlight.set(
      ready.node.id,
      settled.then(() => void inFlight.delete(ready.node.id)),
    );
  };

  try {
    await record('running');
    while (true) {
      throwIfCancelled();
      await settleWaves(schedule, input.plan.experiment);
      for (let ready = schedule.next(); ready && inFlight.size < input.maxParallel; ready = schedule.next())
        start(ready);
      setCurrentDetails(describeRun(progress()));
      if (inFlight.size === 0) break;
      await Promise.race(inFlight.values());
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Stages under way store what they have before they report their end.
    await CancellationScope.nonCancellable(async () => {
      await Promise.allSettled(inFlight.values());
      schedule.cancel(Date.now());
      await record('cancelled');
    });
    throw error;
  }

  const nodes = schedule.progress();
  const failed = nodes.flatMap(({ id, failure }) => (failure ? [{ id, ...failure }] : []));
  await record(failed.length > 0 ? 'failed' : 'done');
  if (failed.length > 0) throw stagesFailed(failed);
  return {
    runId: input.runId,
    hits: nodes.filter(({ state }) => state === 'hit').length,
    computed: nodes.filter(({ state }) => state === 'done').length,
    nodes: Object.fromEntries(
      nodes.map(({ id, state, key, outputs }) => [
        id,
        { key: key as ActionKey, hit: state === 'hit', outputs: outputs as Outputs },
      ]),
    ),
  };
}

/** Looks up whole waves of ready nodes, as hits make others ready, until no new key is known. */
const settleWaves = async (schedule: Schedule, experiment: string): Promise<void> => {
  for (let wave = schedule.wave(); wave.length > 0; wave = schedule.wave())
    for (let from = 0; from < wave.length; from += lookupKeys) {
      const nodes = wave.slice(from, from + lookupKeys).map(({ node, key }) => ({ nodeId: node.id, key }));
      const keys = [...new Set(nodes.map(({ key }) => key))];
      schedule.settleHits(await bookkeeping.lookupActions({ keys, experiment, nodes }));
    }
};

const runNode = ({ node, action }: Ready, input: ExperimentInput): Promise<StageResult> => {
  const { device, maxParallel, build, runId } = input;
  if (!node.sharded)
    return callStage(
      'runStage',
      { id: node.id, queue: queueOf(node, device, build), summary: `${node.id} · ${node.kind}` },
      { nodeId: node.id, experiment: input.plan.experiment, action },
    );
  const { id, kind, seed, code, resource } = node;
  return executeChild(sharded, {
    workflowId: `${runId}/${id}`,
    staticSummary: `${id} · ${kind}`,
    args: [
      {
        node: { id, kind, seed, code, resource },
        params: action.params,
        experiment: input.plan.experiment,
        runId,
        device,
        maxParallel,
        build,
      },
    ],
  });
};

const throwIfCancelled = (): void => {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the run was cancelled');
};

const refuseLargePlan = (plan: Plan): void => {
  const bytes = JSON.stringify(plan).length;
  if (bytes <= maxPlanBytes) return;
  throw ApplicationFailure.create({
    type: 'PlanTooLarge',
    nonRetryable: true,
    message: `the plan has ${plan.nodes.length} nodes in ${bytes} bytes; a run takes at most ${maxPlanBytes}`,
    details: [{ remedy: 'split the experiment in two, or shorten a matrix' }],
  });
};
