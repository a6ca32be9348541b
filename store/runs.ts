import type { Action, ActionKey } from '../core/action.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { RunEstimates, RunPlaces, RunRecord, RunSpec } from '../core/run-record.ts';
import { contentOf, putDocument } from './documents.ts';
import { getReadable, type ObjectStore } from './objects.ts';

/** One execution of a plan, kept longer than Temporal keeps its history. */
export interface RunDocument {
  readonly id: string;
  readonly plan: Plan;
  readonly spec: RunSpec;
  /** Where all that lies on this machine. */
  readonly places?: RunPlaces;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  readonly workflowId: string;
  readonly endedAt?: string;
  readonly state?: 'running' | 'needs attention' | 'paused' | 'done' | 'failed' | 'cancelled';
  /** What was expected when it started. */
  readonly estimates?: RunEstimates;
  /** Digest of the run's record (type `run`, `core/run-record.ts`): the root of all that its numbers depend on. Once it is done. */
  readonly root?: Digest;
  /** What the run was sealed with: what became of each node. */
  readonly nodes?: RunRecord['nodes'];
  /** The run's progress when it was last written: what the experiment workflow's progress query gives. */
  readonly progress?: Json;
}

/** What a node of an experiment was when it last had a key: what `plan` compares with. */
export interface LatestAction {
  readonly key: ActionKey;
  readonly action: Action;
}

/**
 * Run documents (`runs/<id>`) and each node's latest action (`nodes/<experiment>/<node>/latest`). Both are
 * replaced.
 */
export class Runs {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  putRun(run: RunDocument): Promise<void> {
    return putDocument(this.#objects, runKey(run.id), run);
  }

  /** @throws CemiflowError `RunCorrupt` where the server cannot read it, or where it is no run */
  async getRun(id: string): Promise<RunDocument | undefined> {
    const bytes = await this.#objects.get(runKey(id)).catch((error) => {
      throw error.code === 'ObjectUnreadable' ? runCorrupt(id, error) : error;
    });
    const run = bytes && parseRun(bytes);
    if (!bytes || run) return run;
    throw runCorrupt(id);
  }

  /** Ids of all runs, also of those whose documents are damaged. */
  async runIds(): Promise<string[]> {
    return (await this.#objects.list('runs/')).map((key) => decodeURIComponent(key.slice('runs/'.length)));
  }

  /** Runs that can be read, latest first. @param idStart how their ids begin; by default of all runs */
  async listRuns(idStart = ''): Promise<RunDocument[]> {
    const runs = await mapBounded(await this.#objects.list(runKey(idStart)), lanes, async (key) => {
      const bytes = await getReadable(this.#objects, key);
      return bytes && parseRun(bytes);
    });
    return runs.filter((run) => run !== undefined).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  /** Removes the run's document: what it alone kept is free for `gc`. */
  removeRun(id: string): Promise<void> {
    return this.#objects.remove(runKey(id));
  }

  putLatest(experiment: string, nodeId: string, latest: LatestAction): Promise<void> {
    return putDocument(this.#objects, latestKey(experiment, nodeId), latest);
  }

  /** Only ever explains a miss, so that a damaged one counts as none. */
  async getLatest(experiment: string, nodeId: string): Promise<LatestAction | undefined> {
    const bytes = await getReadable(this.#objects, latestKey(experiment, nodeId));
    return bytes && contentOf<LatestAction>(bytes);
  }

  /** @returns what is known of the nodes, by their id */
  async latestOf(experiment: string, nodeIds: readonly string[]): Promise<Map<string, LatestAction>> {
    const found = await mapBounded([...new Set(nodeIds)], lanes, async (id) => {
      const latest = await this.getLatest(experiment, id);
      return latest && ([id, latest] as const);
    });
    return new Map(found.filter((entry) => entry !== undefined));
  }
}

/** Undefined where it lacks what every run has. */
const parseRun = (bytes: Buffer): RunDocument | undefined => {
  const run = contentOf<Partial<RunDocument>>(bytes);
  return run?.id && run.plan && run.spec && run.startedAt ? (run as RunDocument) : undefined;
};

const runCorrupt = (id: string, cause?: unknown): CemiflowError =>
  new CemiflowError('RunCorrupt', `the document of run ${id} is damaged`, {
    remedy: '"cemiflow run" with its spec writes it again; what is finished is kept, and what is under way continues',
    data: { id },
    cause,
  });

export const runKey = (id: string): string => `runs/${encodeName(id)}`;
const latestKey = (experiment: string, nodeId: string): string =>
  `nodes/${encodeName(experiment)}/${encodeName(nodeId)}/latest`;

/** A name as one segment of a key. */
export const encodeName = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*]|^\.+$/g, (found) =>
    [...found].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
  );
