import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { artifactRefsIn } from '../core/artifact.ts';
import type { Plan } from '../core/plan.ts';
import type { RunNode, RunRecord } from '../core/run-record.ts';
import { plural } from '../core/words.ts';
import { bookkeeping, dropDamaged, lookupKeys } from './activities.ts';
import { Budget } from './budget.ts';
import { runAsMarkdown } from './details.ts';
import { DocumentWriter } from './document.ts';
import { asApplicationFailure, failureOf, isDamage, throwIfCancelled } from './failures.ts';
import { type Ready, Schedule } from './schedule.ts';
import { shorten } from './shorten.ts';
import { Stages } from './stages.ts';
import {
  type ExperimentInput,
  type ExperimentResult,
  type Failure,
  type NodeState,
  progressQueryName,
  type RunProgress,
  type RunState,
  type StageFailure,
} from './types.ts';
import { listen } from './updates.ts';

/** A workflow's input is one payload (2 MiB at most) and is read again at every replay. */
export const maxPlanBytes = 1024 * 1024;
/** Characters of one failure's message in an answer. */
const answerChars = 4000;

/**
 * Runs the DAG of one plan: what is in the store is not made again, what can run runs, at most `maxParallel` at once. A stage
 * that fails leaves the rest running, and the run waits for a person to `retry`, `skip` or `abort`.
 */
export async function experiment(input: ExperimentInput): Promise<ExperimentResult> {
  refuseLargePlan(input.plan);
  const schedule = new Schedule(input.plan);
  const budget = new Budget(input);
  const stages = new Stages(input);
  const work = new CancellationScope();
  const root = CancellationScope.current();
  const isLeaving = (): boolean => work.consideredCancelled || root.consideredCancelled;
  const inFlight = new Map<string, Promise<void>>();
  const asked: Asked = { paused: false, ending: false };
  /** Counts what the loop below has to react to. */
  let changes = 0;
  const changed = (): void => {
    changes += 1;
  };
  const progress = (): RunProgress => progressOf(input, schedule, budget, asked);
  setHandler(defineQuery<RunProgress>(progressQueryName), () => shorten(progress(), answerChars));
  listen(schedule, {
    ending: () => asked.ending || asked.aborted !== undefined,
    changed,
    waitsForBudget: () => !asked.paused && budget.waits(schedule) !== undefined,
    setBudget: (request) => {
      budget.set(request);
      changed();
    },
    setPaused: (paused) => {
      asked.paused = paused;
      stages.setPaused(paused);
      changed();
    },
    abort: (because) => {
      asked.aborted = { because };
      work.cancel();
      changed();
    },
  });

  const document = new DocumentWriter(input, changed);
  const start = (ready: Ready): void => {
    const { id } = ready.node;
    schedule.start(id, Date.now());
    const settled = work.run(() => carryOut(ready, stages, schedule, budget, isLeaving));
    inFlight.set(
      id,
      settled.then(() => {
        inFlight.delete(id);
        changed();
      }),
    );
  };
  const loop = async (): Promise<void> => {
    while (true) {
      const seen = changes;
      throwIfCancelled();
      await settleWaves(schedule, input.plan.experiment);
      if (!asked.paused)
        for (
          let ready = schedule.next();
          ready && inFlight.size < input.maxParallel && !budget.waits(schedule);
          ready = schedule.next()
        )
          start(ready);
      if (changes === seen && schedule.standing() === 'done') break;
      const now = progress();
      setCurrentDetails(runAsMarkdown(now));
      await document.update(now);
      await condition(() => changes !== seen);
    }
    asked.ending = true;
    setCurrentDetails(runAsMarkdown(progress()));
    await document.seal(nodesOf(schedule));
    await document.write('done', progress());
  };

  try {
    await work.run(loop);
    return resultOf(input.runId, schedule);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    asked.ending = true;
    return await CancellationScope.nonCancellable(async () => {
      // Stages under way store what they have before they report their end.
      await Promise.all(inFlight.values());
      schedule.cancel(Date.now());
      setCurrentDetails(runAsMarkdown(progress()));
      await document.writeEnd(asked.aborted ? 'failed' : 'cancelled', progress());
      throw asked.aborted ? asApplicationFailure(runAborted(asked.aborted.because)) : error;
    });
  }
}

/** What people asked of the run, and whether it is about to end. */
interface Asked {
  paused: boolean;
  ending: boolean;
  aborted?: { readonly because: string };
}

const progressOf = (
  input: ExperimentInput,
  schedule: Schedule,
  budget: Budget,
  { paused, aborted }: Asked,
): RunProgress => {
  const costs = budget.progress(schedule);
  return {
    state: stateOf(schedule, paused || costs.budget?.waits !== undefined),
    aborted,
    runId: input.runId,
    experiment: input.plan.experiment,
    device: input.device,
    build: input.build,
    nodes: schedule.progress(),
    ...costs,
  };
};

const stateOf = (schedule: Schedule, paused: boolean): RunState => {
  if (paused) return 'paused';
  return schedule.standing() === 'stuck' ? 'needs attention' : 'running';
};

/**
 * One stage, from its start to its place in the schedule. Never rejects.
 *
 * @param isLeaving whether the run itself cancels its stages: then a cancelled one stays as it is
 */
const carryOut = async (
  ready: Ready,
  stages: Stages,
  schedule: Schedule,
  budget: Budget,
  isLeaving: () => boolean,
): Promise<void> => {
  const { id } = ready.node;
  try {
    const made = await stages.run(ready);
    budget.spend(made.spentSeconds);
    schedule.succeed(id, made, Date.now());
  } catch (error) {
    if (isCancellation(error) && isLeaving()) return;
    const { spentSeconds, ...failure } = failureOf(error);
    budget.spend(spentSeconds);
    if (!isDamage(failure) || !schedule.mayRepair(id)) return schedule.fail(id, failure, Date.now());
    await repair(ready, failure, schedule);
  }
};

/** Bytes that a stage could not read are made again by the stages that made them. */
const repair = async ({ node, action }: Ready, failure: StageFailure, schedule: Schedule): Promise<void> => {
  try {
    const damaged = await dropDamaged({ refs: artifactRefsIn(action.params) });
    schedule.repair(node.id, new Set(damaged.map(({ digest }) => digest)));
  } catch (error) {
    if (!isCancellation(error)) schedule.fail(node.id, failure, Date.now());
  }
};

const runAborted = (because: string): Failure => ({
  code: 'RunAborted',
  message: because ? `the run was aborted: ${because}` : 'the run was aborted',
  remedy: 'what is finished is kept: "cemiflow run" with the same spec makes the rest',
});

const resultOf = (runId: string, schedule: Schedule): ExperimentResult => {
  const nodes = schedule.progress();
  const ids = (state: NodeState): string[] => nodes.filter((node) => node.state === state).map(({ id }) => id);
  return {
    runId,
    hits: ids('hit').length,
    computed: ids('done').length,
    skipped: ids('skipped'),
    nodes: Object.fromEntries(
      nodes.flatMap(({ id, state, key, outputs }) =>
        key && outputs ? [[id, { key, hit: state === 'hit', outputs }] as const] : [],
      ),
    ),
  };
};

/** What became of each node. */
const nodesOf = (schedule: Schedule): RunRecord['nodes'] =>
  Object.fromEntries(
    schedule.progress().flatMap(({ id, key, outputs, skipped }): [string, RunNode][] => {
      if (skipped) return [[id, { skipped: skipped.because }]];
      return key && outputs ? [[id, { key }]] : [];
    }),
  );

/** Looks up whole waves of ready nodes, as hits make others ready, until no new key is known. */
const settleWaves = async (schedule: Schedule, experiment: string): Promise<void> => {
  for (let wave = schedule.wave(); wave.length > 0; wave = schedule.wave())
    for (let from = 0; from < wave.length; from += lookupKeys) {
      const nodes = wave.slice(from, from + lookupKeys).map(({ node, key }) => ({ nodeId: node.id, key }));
      const keys = [...new Set(nodes.map(({ key }) => key))];
      schedule.settleHits(await bookkeeping.lookupActions({ keys, experiment, nodes }));
    }
};

const refuseLargePlan = (plan: Plan): void => {
  const bytes = JSON.stringify(plan).length;
  if (bytes <= maxPlanBytes) return;
  throw ApplicationFailure.create({
    type: 'PlanTooLarge',
    nonRetryable: true,
    message: `the plan has ${plural(plan.nodes.length, 'node')} in ${bytes} bytes; a run takes at most ${maxPlanBytes}`,
    details: [{ remedy: 'split the experiment in two, or shorten a matrix' }],
  });
};
