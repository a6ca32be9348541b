import type { Client } from '@temporalio/client';
import { type Plan, withoutPlaces } from '../core/plan.ts';
import { taskQueue } from '../core/queues.ts';
import type { RunEstimates, RunPlaces, RunSpec } from '../core/run-record.ts';
import { isoTime } from '../core/time.ts';
import { plural } from '../core/words.ts';
import type { RunDocument, Store } from '../store/index.ts';
import type { experiment } from '../workflows/experiment.ts';
import type { Device, ExperimentInput, RunProgress } from '../workflows/types.ts';
import type { LaunchedHow } from './caller.ts';
import { isUnderWay } from './runs.ts';
import type { Workers } from './workers.ts';

/** How a run uses this machine. */
export interface Resources extends Workers {
  readonly device: Device;
  /** Stages under way at once. */
  readonly maxParallel: number;
}

/** How a run guards against crashes. */
export type Guard = Pick<ExperimentInput, 'checkpoint' | 'heartbeatSeconds'>;

/** The workflow of a run that is under way. */
export interface RunningBuild {
  readonly build: string;
  readonly device: string;
  readonly startedAt: Date;
}

/** The build and device of a run that is under way; undefined where none is. */
export const runningBuild = async (client: Client, runId: string): Promise<RunningBuild | undefined> => {
  try {
    const { status: now, memo, startTime: startedAt } = await client.workflow.getHandle(runId).describe();
    if (now.name !== 'RUNNING') return undefined;
    return { build: String(memo?.build ?? ''), device: String(memo?.device ?? ''), startedAt };
  } catch (error) {
    const { WorkflowNotFoundError } = await import('@temporalio/client');
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
};

/** What a run is started with. */
export interface RunStart {
  readonly runId: string;
  readonly plan: Plan;
  readonly resources: Resources;
  readonly guard?: Guard;
  readonly estimates?: RunEstimates;
  /** Of compute time. A run that is taken up keeps the budget that it had, unless it is given another. */
  readonly budgetSeconds?: number;
  readonly build: string;
  readonly spec: RunSpec;
  readonly places?: RunPlaces;
}

/**
 * Starts the run, or attaches to it where it is under way. A run whose workers are of another build is started again, and
 * one whose workflow is gone is resumed: what it has made is in the store.
 */
export const startRun = async (client: Client, store: Store, run: RunStart): Promise<LaunchedHow> => {
  const { runId, plan, resources, guard, estimates, build, spec, places } = run;
  const present = await runningBuild(client, runId);
  // A damaged document counts as none: it is written again.
  const before = await store.getRun(runId).catch((error) => {
    if (error.code !== 'RunCorrupt') throw error;
  });
  const attached = present?.build === build;
  const startedAt = isoTime(attached ? present.startedAt : new Date());
  if (!attached || !before)
    await store.putRun({
      ...{ id: runId, plan: withoutPlaces(plan), spec, ...(places && { places }) },
      ...{ startedAt, workflowId: runId, state: 'running' },
      ...(estimates && { estimates }),
    });
  // A gc that listed the runs before this one was written takes what this one may find made: after its end, look-ups see that.
  await store.sweeps.settled();
  if (attached) return 'attached';
  const { device, maxParallel } = resources;
  const costs = {
    ...(before && carriedCosts(before)),
    ...(run.budgetSeconds && { budgetSeconds: run.budgetSeconds }),
    estimates,
  };
  const input: ExperimentInput = { plan, runId, device, maxParallel, build, ...guard, ...costs };
  await client.workflow.start<typeof experiment>('experiment', {
    taskQueue: taskQueue('orchestrator', build),
    workflowId: runId,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: present ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
    // What the workflow needs to write a damaged document again.
    memo: { experiment: plan.experiment, ...memoOf(spec), places, build, device },
    staticSummary: `${plan.experiment}: ${plural(plan.nodes.length, 'stage')} from ${spec.path}`,
    args: [input],
  });
  if (present) return 'restarted';
  return before && isUnderWay(before.state) ? 'resumed' : 'started';
};

/** What a run has spent so far counts against its budget, whichever workflow spent it. */
const carriedCosts = (before: RunDocument): Pick<ExperimentInput, 'spentSeconds' | 'budgetSeconds'> => {
  const { spentSeconds, budget } = (before.progress ?? {}) as unknown as Partial<RunProgress>;
  return {
    ...(spentSeconds && { spentSeconds }),
    ...(budget && isUnderWay(before.state) && { budgetSeconds: budget.seconds }),
  };
};

/** The texts of larger specs stay out of Temporal: a document that is written again from its memo then lacks them. */
const maxMemoChars = 32_768;

const memoOf = ({ path, overrides, files, savedPlan }: RunSpec) => {
  const chars = files?.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
  return { spec: path, overrides, savedPlan, ...(chars <= maxMemoChars && { files }) };
};

/** Runs under way whose workers are of another build: they wait until they are started again. */
export const waitingRuns = async (client: Client, build: string): Promise<string[]> => {
  const waiting: string[] = [];
  const query = "WorkflowType = 'experiment' AND ExecutionStatus = 'Running'";
  for await (const { workflowId, memo } of client.workflow.list({ query }))
    if (memo?.build !== build) waiting.push(workflowId);
  return waiting;
};
