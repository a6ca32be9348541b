import {
  type ActionKey,
  type ActionRecord,
  actionKey,
  type Machine,
  type Outputs,
  sameOutputs,
} from '../../core/action.ts';
import { keyOfWork } from '../../core/adoption.ts';
import { type Checkpoint, noCheckpoints, type StageCheckpoints } from '../../core/checkpoint.ts';
import { type Digest, shortDigest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import {
  type AnyStageKind,
  isOwnKind,
  isSharded,
  type ShardedStageKind,
  type StageContext,
  type StageKind,
  shardKind,
  wholeKind,
} from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { Store } from '../../store/index.ts';
import { otherCode } from '../checkout.ts';
import { requirePrecision } from '../machine.ts';
import type { LoadOwn } from '../own-kinds/load.ts';
import { type Replayed, type ReplayJob, type ReplayMode, sameKind } from './job.ts';
import { findPlaces, type KnownFolders } from './places.ts';
import { compareOutputs, declaredTolerance } from './tolerance.ts';

export interface ReplayDependencies {
  readonly store: Store;
  readonly folders: KnownFolders;
  /** A store that reads what is in `store`, and keeps what is written away from it. */
  overlay(): Store;
  loadStage(kind: string): Promise<AnyStageKind>;
  /** Loads a kind of a user's own from the store. */
  readonly loadOwn: LoadOwn;
  code(kind: string): Promise<Digest | undefined>;
  machine(kind: string): Promise<Machine>;
  log(message: string): void;
}

type Judged = Pick<Replayed, 'verdict' | 'why' | 'shards'>;

/** Does a recorded action again. Never rejects but for what says nothing of the action, such as a store that is away. */
export const replayAction = async (
  job: ReplayJob,
  mode: ReplayMode,
  dependencies: ReplayDependencies,
): Promise<Replayed> => {
  const { name, record } = job;
  const started = performance.now();
  const verdict = await judge(job, mode, dependencies).catch((error): Judged => {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    return { verdict: 'cannot', why: `${error.code}: ${error.message}` };
  });
  return { name, key: record.key, ...verdict, seconds: (performance.now() - started) / 1000 };
};

const judge = async (job: ReplayJob, mode: ReplayMode, dependencies: ReplayDependencies): Promise<Judged> => {
  const { record, interval } = job;
  const kind = wholeKind(record.action.kind);
  const stage = await stageOf(record, dependencies);
  if (typeof stage === 'string') return { verdict: 'cannot', why: stage };
  await requirePrecision(record.action.params, () => dependencies.machine(kind), job.name);
  const store = mode === 'rebuild' ? dependencies.store : dependencies.overlay();
  if (interval) return replayInterval(job, stage, store, dependencies);
  if (job.cut) return replayCut(record, stage, store, dependencies);
  const outputs = await perform(job, stage, await contextOf(record, store, dependencies));
  if (sameOutputs(outputs, record.outputs)) return { verdict: 'same' };
  const here = await dependencies.machine(kind);
  const allowed = declaredTolerance(record.action);
  if (allowed)
    return compareOutputs(outputs, record.outputs, store, dependencies.store, {
      because: 'as far as its stage allows',
      allowed,
    });
  if (sameKind(record.machine, here)) return { verdict: 'different', why: differing(outputs, record.outputs) };
  return compareOutputs(outputs, record.outputs, store, dependencies.store);
};

/** The stage kind that a record was made by; or why it is not here. */
const stageOf = async (
  record: ActionRecord,
  { code, loadStage, loadOwn }: ReplayDependencies,
): Promise<AnyStageKind | string> => {
  const kind = wholeKind(record.action.kind);
  if (isOwnKind(kind)) return (await loadOwn(kind, record.action.code, record.source.code.digest)).stage;
  return otherCode(record, await code(kind)) ?? loadStage(kind);
};

const perform = ({ record, shards }: ReplayJob, stage: AnyStageKind, context: StageContext): Promise<Outputs> => {
  const { kind, params } = record.action;
  if (!isSharded(stage)) return (stage as StageKind).run(params, context);
  const sharded = stage as unknown as ShardedStageKind<JsonObject>;
  return kind.endsWith('#part') ? sharded.runShard(params, context) : sharded.join(params, shards ?? [], context);
};

const contextOf = async (
  record: ActionRecord,
  store: Store,
  { log, folders }: ReplayDependencies,
  checkpoints: StageCheckpoints = noCheckpoints,
  signal = new AbortController().signal,
): Promise<StageContext> => ({
  seed: record.action.seed,
  places: await findPlaces(record, folders, store),
  store,
  signal,
  checkpoints,
  log,
  progress: async () => {
    // Lets signals and output through, as a worker does.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  },
});

/** The shards of a stage follow from its action. */
const replayCut = async (
  record: ActionRecord,
  stage: AnyStageKind,
  store: Store,
  dependencies: ReplayDependencies,
): Promise<Judged> => {
  const { action, parts: shards = [] } = record;
  if (!isSharded(stage)) return { verdict: 'cannot', why: `${action.kind} is not split into shards` };
  const sharded = stage as unknown as ShardedStageKind<JsonObject>;
  const cut = await sharded.split(action.params, await contextOf(record, store, dependencies));
  const keys = cut.map((params) => actionKey({ ...action, kind: shardKind(action.kind), params }));
  const other = keys.length === shards.length ? keys.findIndex((key, i) => key !== shards[i]) : keys.length;
  if (other < 0) return { verdict: 'same', shards: cut };
  // What a shard is given may hold embeddings, whose last digits are the machine's.
  if (keys.length === shards.length && !sameKind(record.machine, await dependencies.machine(action.kind)))
    return { verdict: 'within tolerance', why: 'another kind of machine; as many shards', shards: cut };
  const first = `shard ${Math.min(other, shards.length) + 1}`;
  return {
    verdict: 'different',
    why: `it is now split into ${plural(keys.length, 'shard')}, not ${shards.length}, or ${first} differs`,
    shards: cut,
  };
};

/** From one kept checkpoint to the next, whose state must come out bit for bit; or to the end, and its outputs. */
const replayInterval = async (
  job: ReplayJob,
  stage: AnyStageKind,
  store: Store,
  dependencies: ReplayDependencies,
): Promise<Judged> => {
  const { record } = job;
  const key = keyOfWork(record);
  const { from, to } = job.interval as NonNullable<ReplayJob['interval']>;
  const state = await dependencies.store.checkpoints.read(key);
  const at = (step?: number) => state?.checkpoints.find((each) => each.step === step);
  const [first, last] = [from === 0 ? undefined : at(from), at(to)];
  if (!state || (from > 0 && !first) || (to !== undefined && !last))
    return { verdict: 'cannot', why: 'the checkpoint is not kept any more' };
  const left = new AbortController();
  let reached: Promise<string> | undefined;
  const checkpoints: StageCheckpoints = {
    resume: async () => first && dependencies.store.checkpoints.load(key, first),
    due: (step) => step === to,
    save: ({ arrays, step }) => {
      if (step !== to) return;
      reached = contentOf(store, key, arrays);
      left.abort(new CemiflowError('IntervalDone', 'the interval is done', { remedy: 'none is needed' }));
    },
    settled: async () => {},
    keep: async (name, make) => {
      const kept = state.kept[name];
      // What is computed at the start must come out the same as well.
      return first && kept ? dependencies.store.checkpoints.getArrays(key, kept) : make();
    },
  };
  try {
    const context = await contextOf(record, store, dependencies, checkpoints, left.signal);
    const outputs = await perform(job, stage, context);
    if (sameOutputs(outputs, record.outputs)) return { verdict: 'same' };
    return { verdict: 'different', why: differing(outputs, record.outputs) };
  } catch (error) {
    if (!reached) throw error;
  }
  const same = (await reached) === JSON.stringify(last?.content.parts);
  return same
    ? { verdict: 'same' }
    : { verdict: 'different', why: `the state at step ${to} is not that of its checkpoint` };
};

/** The digests that arrays have as a checkpoint. */
const contentOf = async (store: Store, key: ActionKey, arrays: Checkpoint['arrays']): Promise<string> =>
  JSON.stringify((await store.checkpoints.putArrays(key, arrays)).parts);

const differing = (a: Outputs, b: Outputs): string =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => a[name]?.digest !== b[name]?.digest)
    .map((name) => `${name} came out as ${digestIn(a, name)}, the record has ${digestIn(b, name)}`)
    .join('; ');

const digestIn = (outputs: Outputs, name: string): string => {
  const ref = outputs[name];
  return ref ? shortDigest(ref.digest) : 'nothing';
};
