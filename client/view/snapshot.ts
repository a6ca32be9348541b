import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { RunDocument, Store } from '../../store/index.ts';
import type { Device, NodeProgress, NodeState, RunProgress, RunState } from '../../workflows/types.ts';
import { isUnderWay } from '../runs.ts';
import { runCommand } from '../shell.ts';
import { askProgress, type Pending, pendingStages } from './pending.ts';

/** One stage as people see it: what the workflow knows, and what its activities said last. */
export interface StageView extends Omit<NodeProgress, 'state'>, Omit<Pending, 'started'> {
  /**
   * `queued`: asked for, but no worker has it; `needs attention`: failed, and its run waits for a person; `paused`: would
   * start if its run were not paused.
   */
  readonly state: NodeState | 'queued' | 'needs attention' | 'paused';
}

/** `gone`: Temporal knows nothing of a run that was under way. */
export type ViewState = RunState | 'done' | 'failed' | 'cancelled' | 'gone';

export interface RunView {
  readonly runId: string;
  readonly experiment: string;
  /** Where its stages with tensors run; undefined until a worker has answered for the first time. */
  readonly device?: Device;
  readonly state: ViewState;
  /** The command that takes a run up again whose workflow is gone. */
  readonly again?: string;
  /** Where a person ended the run. */
  readonly aborted?: RunProgress['aborted'];
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Whether a worker answered: otherwise the stages are as they were last known. */
  readonly answered: boolean;
  /** What keeps the orchestrator from continuing. */
  readonly trouble?: string;
  /** Work that failures have cost so far. */
  readonly lostSeconds: number;
  /** Compute time of the actions that the run made. */
  readonly spentSeconds?: number;
  readonly budget?: RunProgress['budget'];
  /** Empty until a worker has answered for the first time. */
  readonly stages: readonly StageView[];
}

const ends: { readonly [status: string]: ViewState } = {
  COMPLETED: 'done',
  CANCELLED: 'cancelled',
  TERMINATED: 'cancelled',
};

/** How long Temporal may take to answer for a run. */
const answerMs = 10_000;

/** @returns a function that asks where a run stands. Where no worker answers, stages are as they were last known. */
export const runViewer = (client: Client, store: Pick<Store, 'getRun'>, run: RunDocument): (() => Promise<RunView>) => {
  let known = progressOf(run);
  /** As it was written last; as it was found at first where it is damaged by now. */
  const written = async (): Promise<RunDocument> => {
    const now = await store.getRun(run.id).catch((error) => {
      if (error.code !== 'RunCorrupt') throw error;
    });
    return now ?? run;
  };
  return async () => {
    const description = await workflowOf(client, run.id);
    if (!description) return documentView(await written(), 'gone');
    const common = {
      ...{ runId: run.id, experiment: run.plan.experiment, startedAtMs: description.startTime.getTime() },
      trouble: (description.raw.pendingWorkflowTask?.attempt ?? 1) > 4 ? stuck : undefined,
    };
    if (description.status.name !== 'RUNNING') {
      // A run that ends writes down how.
      known = progressOf(await written());
      const state = ends[description.status.name] ?? 'failed';
      const nowMs = description.closeTime?.getTime() ?? Date.now();
      return { ...common, state, nowMs, answered: true, aborted: known?.aborted, ...stagesOf(known, state) };
    }
    const [answer, pending] = await Promise.all([
      askProgress<RunProgress>(client, run.id),
      pendingStages(client, description),
    ]);
    known = answer ?? known;
    const state = known?.state ?? 'running';
    return { ...common, state, nowMs: Date.now(), answered: answer !== undefined, ...stagesOf(known, state, pending) };
  };
};

/** Undefined where Temporal knows nothing of the run. */
const workflowOf = async (client: Client, runId: string): Promise<WorkflowExecutionDescription | undefined> => {
  try {
    return await client.withDeadline(Date.now() + answerMs, () => client.workflow.getHandle(runId).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
};

/** Whether Temporal knows nothing of a run: its retention is over, or its database is new. */
export const isGone = async (client: Client, runId: string): Promise<boolean> =>
  (await workflowOf(client, runId)) === undefined;

/** A workflow task that fails again and again: a bug in a workflow, which no retry mends. */
const stuck = 'the orchestrator cannot continue with this run: see worker-orchestrator-0.log';

/** The run as it was last written down. @param workflow `gone`, or `unknown` where Temporal could not be asked */
export const documentView = (run: RunDocument, workflow: 'gone' | 'unknown'): RunView => {
  const { id, plan, startedAt, endedAt } = run;
  const written = run.state ?? 'running';
  const gone = workflow === 'gone' && isUnderWay(written);
  const state = gone ? 'gone' : written;
  return {
    ...{ runId: id, experiment: plan.experiment, state },
    ...(gone ? { again: runCommand(run) } : {}),
    ...{ startedAtMs: Date.parse(startedAt), nowMs: endedAt ? Date.parse(endedAt) : Date.now() },
    ...{ answered: false, aborted: progressOf(run)?.aborted },
    ...stagesOf(progressOf(run), state),
  };
};

const progressOf = ({ progress }: RunDocument): RunProgress | undefined => progress as unknown as RunProgress;

const stageView = (node: NodeProgress, run: ViewState, pending?: Pending): StageView => {
  const state = stateOf(node.state, run, pending);
  if (node.state !== 'running') return { ...node, state };
  const { started: _, ...rest } = pending ?? {};
  return { ...node, ...rest, state };
};

const stateOf = (state: NodeState, run: ViewState, pending?: Pending): StageView['state'] => {
  if (!isUnderWay(run)) {
    if (state !== 'running' && state !== 'ready') return state;
    return run === 'gone' ? 'waiting' : 'cancelled';
  }
  if (state === 'failed') return 'needs attention';
  if (state === 'ready' && run === 'paused') return 'paused';
  if (state !== 'running' || pending?.started) return state;
  return run === 'paused' && pending?.shards?.running === 0 ? 'paused' : 'queued';
};

const stagesOf = (
  progress: RunProgress | undefined,
  run: ViewState,
  pending?: ReadonlyMap<string, Pending>,
): Pick<RunView, 'device' | 'stages' | 'lostSeconds' | 'spentSeconds' | 'budget'> => {
  const stages = (progress?.nodes ?? []).map((node) => stageView(node, run, pending?.get(node.id)));
  return {
    device: progress?.device,
    spentSeconds: progress?.spentSeconds,
    budget: progress?.budget,
    stages,
    lostSeconds: stages.reduce((sum, { lostSeconds = 0 }) => sum + lostSeconds, 0),
  };
};
