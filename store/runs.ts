import type { Action, ActionKey } from '../core/action.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, digestOfJson } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { RunSpec } from '../core/run-record.ts';
import { getReadable, type ObjectStore, parseJson } from './objects.ts';

/** One execution of a plan, kept longer than Temporal keeps its history. */
export interface RunDocument {
  readonly id: string;
  readonly plan: Plan;
  readonly spec: RunSpec;
  /** ISO 8601 with +00:00. */
  readonly startedAt: string;
  readonly workflowId: string;
  readonly endedAt?: string;
  readonly state?: 'running' | 'needs attention' | 'paused' | 'done' | 'failed' | 'cancelled';
  /** Digest of the run's record (type `run`, `core/run-record.ts`): the root of all that its numbers stand on. Once it is done. */
  readonly root?: Digest;
  /** Where the run stood when it was last written: what the experiment workflow's progress query gives. */
  readonly progress?: Json;
}

/** What a node of an experiment was when it last had a key: what `plan` compares with. */
export interface LatestAction {
  readonly key: ActionKey;
  readonly action: Action;
}

/**
 * Run documents (`runs/<id>`) and each node's latest action (`nodes/<experiment>/<node>/latest`). Both are replaced, so that no
 * digest can be their name: they carry that of their content.
 */
export class Runs {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  putRun(run: RunDocument): Promise<void> {
    return this.#write(runKey(run.id), run);
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

  /** All runs that can be read, latest first. */
  async listRuns(): Promise<RunDocument[]> {
    const runs = await mapBounded(await this.#objects.list('runs/'), lanes, async (key) => {
      const bytes = await getReadable(this.#objects, key);
      return bytes && parseRun(bytes);
    });
    return runs.filter((run) => run !== undefined).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  putLatest(experiment: string, nodeId: string, latest: LatestAction): Promise<void> {
    return this.#write(latestKey(experiment, nodeId), latest);
  }

  /** Only ever explains a miss, so that a damaged one counts as none. */
  async getLatest(experiment: string, nodeId: string): Promise<LatestAction | undefined> {
    const bytes = await getReadable(this.#objects, latestKey(experiment, nodeId));
    return bytes && (contentOf(bytes) as LatestAction | undefined);
  }

  /** @returns what is known of the nodes, by their id */
  async latestOf(experiment: string, nodeIds: readonly string[]): Promise<Map<string, LatestAction>> {
    const found = await mapBounded([...new Set(nodeIds)], lanes, async (id) => {
      const latest = await this.getLatest(experiment, id);
      return latest && ([id, latest] as const);
    });
    return new Map(found.filter((entry) => entry !== undefined));
  }

  async #write(key: string, value: object): Promise<void> {
    const content = value as JsonObject;
    const bytes = Buffer.from(canonicalJson({ digest: digestOfJson(content), content }));
    await this.#objects.put(key, bytes, { overwrite: true, mediaType: 'application/json' });
  }
}

/** What stands in a document; undefined where it does not have the digest that stands beside it. */
const contentOf = (bytes: Buffer): object | undefined => {
  const found = parseJson<{ digest?: unknown; content?: JsonObject } | null>(bytes);
  return found?.content && digestOfJson(found.content) === found.digest ? found.content : undefined;
};

/** Undefined where it lacks what every run has. */
const parseRun = (bytes: Buffer): RunDocument | undefined => {
  const run = contentOf(bytes) as Partial<RunDocument> | undefined;
  return run?.id && run.plan && run.spec && run.startedAt ? (run as RunDocument) : undefined;
};

const runCorrupt = (id: string, cause?: unknown): CemiflowError =>
  new CemiflowError('RunCorrupt', `the document of run ${id} is damaged`, {
    remedy: '"cemiflow run" with its spec writes it anew; what is finished is kept, and what is under way goes on',
    data: { id },
    cause,
  });

const runKey = (id: string): string => `runs/${encode(id)}`;
const latestKey = (experiment: string, nodeId: string): string =>
  `nodes/${encode(experiment)}/${encode(nodeId)}/latest`;

/** A name as one segment of a key. */
const encode = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*]|^\.+$/g, (found) =>
    [...found].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
  );
