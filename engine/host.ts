import { Context } from '@temporalio/activity';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { type StageKind, wholeKind } from '../core/stage.ts';
import { noCheckpoints } from './attempt.ts';
import { asActivityFailure } from './failures.ts';
import { kindLoader, shardedOnly } from './kind-loader.ts';
import { ActionMaker, contextFor, type HostDependencies } from './make-action.ts';
import type { StageActivities, StageTask } from './stage-activities.ts';
import { startWatch, type Watch } from './watch.ts';

/** Turns stage kinds into activities: checks the code, makes nothing twice, reports progress, keeps the record. */
export const createHost = (dependencies: HostDependencies): StageActivities => {
  const { store, checkParams } = dependencies;
  const load = kindLoader(dependencies);
  const maker = new ActionMaker(dependencies, load);
  return {
    runStage: (task) =>
      guarded(task, undefined, (watch) =>
        maker.make(task, watch, {
          kind: task.action.kind,
          run: (stage, context) => (stage as StageKind).run(task.action.params, context),
        }),
      ),
    splitStage: (task) =>
      guarded(task, undefined, async (watch) => {
        const { kind, params, code } = task.action;
        const stage = shardedOnly(kind, (await load(kind, code)).stage);
        checkParams(kind, params);
        const context = { ...contextFor(task, store, watch), checkpoints: noCheckpoints };
        return refuseLargeSplit(task, await stage.split(params, context));
      }),
    runPart: (task) =>
      guarded(task, task.part, (watch) => {
        const kind = wholeKind(task.action.kind);
        return maker.make(task, watch, {
          kind,
          isPart: true,
          run: (stage, context) => shardedOnly(kind, stage).runPart(task.action.params, context),
        });
      }),
    joinStage: (task) =>
      guarded(task, undefined, (watch) => {
        const { kind, params } = task.action;
        return maker.make(task, watch, {
          kind,
          parts: task.partKeys,
          run: (stage, context) => shardedOnly(kind, stage).join(params, task.parts, context),
        });
      }),
  };
};

/** Runs under a watch, and turns what is thrown into a failure that Temporal retries or not. */
const guarded = async <T>(task: StageTask, part: number | undefined, run: (watch: Watch) => Promise<T>): Promise<T> => {
  const watch = startWatch(Context.current(), { nodeId: task.nodeId, part });
  try {
    return await run(watch);
  } catch (error) {
    throw asActivityFailure(error, watch.signal);
  } finally {
    watch.stop();
  }
};

/** Params of a stage and of its parts travel together into a new history, in one payload: 2 MiB at most. */
const maxSplitBytes = 1024 * 1024;

const refuseLargeSplit = ({ nodeId, action }: StageTask, parts: JsonObject[]): JsonObject[] => {
  const bytes = JSON.stringify([action.params, parts]).length;
  if (bytes <= maxSplitBytes) return parts;
  throw new CemiflowError('PartsTooLarge', `${nodeId} splits into ${parts.length} parts of ${bytes} bytes together`, {
    remedy: `make the shards larger: a list of parts may have ${maxSplitBytes} bytes`,
    data: { nodeId, parts: parts.length, bytes },
  });
};
