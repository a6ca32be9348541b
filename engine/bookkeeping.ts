import { asyncLocalStorage } from '@temporalio/activity';
import type { ActionKey, ActionRecord, Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { CemiflowError, Json } from '../core/errors.ts';
import type { RunRecord } from '../core/run-record.ts';
import { isoTime } from '../core/time.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { keepRun } from './seal.ts';

/** Short activities of the orchestrator, as workflows see them. */
export interface Bookkeeping {
  /**
   * @param nodes the nodes behind the keys, where they are whole nodes: what a hit was made of is what the next plan
   * compares with
   * @returns the outputs of those keys that have a record whose blobs are there
   */
  lookupActions(question: {
    readonly keys: readonly ActionKey[];
    readonly experiment?: string;
    readonly nodes?: readonly { readonly nodeId: string; readonly key: ActionKey }[];
  }): Promise<{ [key: ActionKey]: Outputs }>;
  /**
   * Writes down where a run stands.
   *
   * @param run.progress left as it was written last where it is not given
   * @returns `unreadable` where the document is damaged: `restoreRun` writes it again
   */
  recordRun(run: {
    readonly runId: string;
    readonly state: NonNullable<RunDocument['state']>;
    readonly progress?: Json;
  }): Promise<'written' | 'unreadable'>;
  /**
   * Keeps what a run was, with all its records, and writes its root into the run's document.
   *
   * @param run.nodes what became of each node
   * @returns `unreadable` as above; `unknown` where there is no document, `incomplete` where a record is gone: such a run has no
   * root
   */
  sealRun(run: {
    readonly runId: string;
    readonly nodes: RunRecord['nodes'];
  }): Promise<'sealed' | 'unreadable' | 'unknown' | 'incomplete'>;
  /** Writes a document in the place of one that cannot be read. */
  restoreRun(run: RunDocument): Promise<void>;
  /**
   * Rehashes artifacts and all their blobs, and removes what is damaged, so that look-ups miss it and it is made again.
   *
   * @returns those that were damaged or lacked something
   */
  dropDamaged(suspects: { readonly refs: readonly ArtifactRef[] }): Promise<ArtifactRef[]>;
}

type BookkeepingStore = Pick<
  Store,
  | 'lookupRecords'
  | 'getRecord'
  | 'getRun'
  | 'putRun'
  | 'getLatest'
  | 'putLatest'
  | 'putFile'
  | 'putArtifact'
  | 'dropIfDamaged'
  | 'sweeps'
>;

const readRun = (store: Pick<Store, 'getRun'>, runId: string): Promise<RunDocument | undefined | 'unreadable'> =>
  store.getRun(runId).catch((error) => {
    if (error.code === 'RunCorrupt') return 'unreadable' as const;
    throw error;
  });

export const createBookkeeping = (store: BookkeepingStore): Bookkeeping => ({
  lookupActions: ({ keys, experiment, nodes = [] }) =>
    heartbeating(async () => {
      const records = await store.lookupRecords(keys);
      if (experiment !== undefined) await keepLatest(store, experiment, nodes, records);
      return Object.fromEntries([...records].map(([key, record]) => [key, record.outputs]));
    }),

  recordRun: ({ runId, state, progress }) =>
    heartbeating(async () => {
      const run = await readRun(store, runId);
      if (run === 'unreadable') return run;
      // Without one, the run was started by other means than the command line: there is no document to keep up.
      if (run) {
        const goesOn = state === 'running' || state === 'paused' || state === 'needs attention';
        const endedAt = goesOn ? {} : { endedAt: isoTime(new Date()) };
        await store.putRun({ ...run, ...endedAt, state, ...(progress !== undefined && { progress }) });
      }
      return 'written';
    }),

  sealRun: ({ runId, nodes }) =>
    heartbeating(async () => {
      const run = await readRun(store, runId);
      if (run === 'unreadable') return run;
      if (!run) return 'unknown';
      try {
        await keepRun(store, run, nodes);
        return 'sealed';
      } catch (error) {
        if ((error as CemiflowError).code === 'RecordMissing') return 'incomplete';
        throw error;
      }
    }),

  restoreRun: (run) => heartbeating(() => store.putRun(run)),

  dropDamaged: ({ refs }) =>
    heartbeating(async () => {
      const damaged: ArtifactRef[] = [];
      for (const ref of new Map(refs.map((each) => [each.digest, each])).values())
        if (await store.dropIfDamaged(ref)) damaged.push(ref);
      return damaged;
    }),
});

/** Writes down what the nodes' hits were made of, where that is new: a node that is a hit was mostly one before. */
const keepLatest = async (
  store: Pick<Store, 'getLatest' | 'putLatest'>,
  experiment: string,
  nodes: readonly { readonly nodeId: string; readonly key: ActionKey }[],
  records: ReadonlyMap<ActionKey, ActionRecord>,
): Promise<void> => {
  await mapBounded(nodes, lanes, async ({ nodeId, key }) => {
    const record = records.get(key);
    if (!record || (await store.getLatest(experiment, nodeId))?.key === key) return;
    await store.putLatest(experiment, nodeId, { key, action: record.action });
  });
};

const heartbeatEveryMs = 4_000;

/** Sends heartbeats to Temporal as long as the work takes; none outside an activity. */
const heartbeating = async <T>(work: () => Promise<T>): Promise<T> => {
  const activity = asyncLocalStorage.getStore();
  const timer = setInterval(() => activity?.heartbeat(), heartbeatEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
