import { Context } from '@temporalio/activity';
import type { ActionKey, Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { Json } from '../core/errors.ts';
import { isoTime } from '../core/time.ts';
import type { RunDocument, Store } from '../store/index.ts';

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
  /** Writes down where a run stands. */
  recordRun(run: {
    readonly runId: string;
    readonly state: NonNullable<RunDocument['state']>;
    readonly progress: Json;
  }): Promise<void>;
  /**
   * Rehashes artifacts and all their blobs, and removes what is damaged, so that look-ups miss it and it is made anew.
   *
   * @returns those that were damaged or lacked something
   */
  dropDamaged(suspects: { readonly refs: readonly ArtifactRef[] }): Promise<ArtifactRef[]>;
}

type BookkeepingStore = Pick<Store, 'lookupRecords' | 'getRun' | 'putRun' | 'putLatest' | 'dropIfDamaged'>;

export const createBookkeeping = (store: BookkeepingStore): Bookkeeping => ({
  lookupActions: async ({ keys, experiment, nodes = [] }) => {
    const records = await store.lookupRecords(keys);
    for (const { nodeId, key } of nodes) {
      const record = records.get(key);
      if (record && experiment) await store.putLatest(experiment, nodeId, { key, action: record.action });
    }
    return Object.fromEntries([...records].map(([key, record]) => [key, record.outputs]));
  },

  recordRun: async ({ runId, state, progress }) => {
    const run = await store.getRun(runId);
    // The run was started by other means than the command line: there is no document to keep up.
    if (!run) return;
    const goesOn = state === 'running' || state === 'paused' || state === 'needs attention';
    const endedAt = goesOn ? {} : { endedAt: isoTime(new Date()) };
    await store.putRun({ ...run, ...endedAt, state, progress });
  },

  dropDamaged: async ({ refs }) => {
    const damaged: ArtifactRef[] = [];
    for (const ref of new Map(refs.map((each) => [each.digest, each])).values())
      if (await store.dropIfDamaged(ref, () => Context.current().heartbeat())) damaged.push(ref);
    return damaged;
  },
});
