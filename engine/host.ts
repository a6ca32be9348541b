import { Context } from '@temporalio/activity';
import { noCheckpoints } from '../core/checkpoint.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { type StageKind, wholeKind } from '../core/stage.ts';
import { plural } from '../core/words.ts';
import { asActivityFailure } from './failures.ts';
import { kindLoader, shardedOnly } from './kind-loader.ts';
import { requirePrecision } from './machine.ts';
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
        const loaded = await load(kind, code, task.source);
        const stage = shardedOnly(kind, loaded.stage);
        checkParams(kind, params, loaded.schema);
        await requirePrecision(params, () => dependencies.machine(kind, loaded.schema), task.nodeId);
        const context = { ...contextFor(task, store, watch), checkpoints: noCheckpoints };
        return refuseLargeSplit(task, await stage.split(params, context));
      }),
    runShard: (task) =>
      guarded(task, task.shard, (watch) => {
        const kind = wholeKind(task.action.kind);
        return maker.make(task, watch, {
          kind,
          isShard: true,
          run: (stage, context) => shardedOnly(kind, stage).runShard(task.action.params, context),
        });
      }),
    joinStage: (task) =>
      guarded(task, undefined, (watch) => {
        const { kind, params } = task.action;
        return maker.make(task, watch, {
          kind,
          shards: task.shardKeys,
          run: (stage, context) => shardedOnly(kind, stage).join(params, task.shards, context),
        });
      }),
  };
};

/** Runs under a watch, and turns what is thrown into a failure that Temporal retries or not. */
const guarded = async <T>(
  task: StageTask,
  shard: number | undefined,
  run: (watch: Watch) => Promise<T>,
): Promise<T> => {
  const watch = startWatch(Context.current(), { nodeId: task.nodeId, shard });
  try {
    return await run(watch);
  } catch (error) {
    throw asActivityFailure(error, watch.signal);
  } finally {
    watch.stop();
  }
};

/** Params of a stage and of its shards travel together into a new history, in one payload: 2 MiB at most. */
const maxSplitBytes = 1024 * 1024;

const refuseLargeSplit = ({ nodeId, action }: StageTask, shards: JsonObject[]): JsonObject[] => {
  const bytes = JSON.stringify([action.params, shards]).length;
  if (bytes <= maxSplitBytes) return shards;
  throw new CemiflowError(
    'ShardsTooLarge',
    `${nodeId} splits into ${plural(shards.length, 'shard')} of ${bytes} bytes together`,
    {
      remedy: `make the shards larger: a list of shards may have ${maxSplitBytes} bytes`,
      data: { nodeId, shards: shards.length, bytes },
    },
  );
};
