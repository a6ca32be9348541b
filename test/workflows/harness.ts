import { Client, Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import { makeTelemetryFilterString, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Plan, PlanNode } from '../../core/plan.ts';
import { taskQueue } from '../../core/queues.ts';
import type { AnyStageKind, ShardedStageKind, StageContext, StageKind } from '../../core/stage.ts';
import { createBookkeeping } from '../../engine/bookkeeping.ts';
import { createHost } from '../../engine/host.ts';
import { openStore, type Store } from '../../store/index.ts';
import { createWorker } from '../../worker.ts';
import type { experiment } from '../../workflows/experiment.ts';
import type { ExperimentInput, ExperimentResult, RunProgress, RunState } from '../../workflows/types.ts';
import { startServices } from '../helpers/services.ts';

export const build = 'abcdef012345';

/** Code digest of a test kind: what `codes` of the host answers. */
export const codeOf = (kind: string): Digest => digestOf(`code of ${kind}`);

/** A node of a plan for a test kind; `params` may hold references made by `output`. */
export const node = (id: string, kind: string, params: JsonObject = {}, more: Partial<PlanNode> = {}): PlanNode => ({
  id,
  stage: id,
  kind,
  matrix: {},
  params,
  seed: 1,
  code: codeOf(kind),
  resource: 'cpu',
  sharded: false,
  outputs: { out: 'metrics' },
  ...more,
});

export const output = (of: string): JsonObject => ({ $node: of, $output: 'out' });

/** Stores a JSON value as an artifact. */
export const keep = async (context: StageContext, value: JsonObject): Promise<Outputs> => {
  const file = await context.store.putFile('value.json', Buffer.from(JSON.stringify(value)), 'application/json');
  return { out: await context.store.putArtifact({ type: 'metrics', meta: {}, files: [file] }) };
};

export const read = async (store: StageContext['store'], ref: ArtifactRef): Promise<JsonObject> => {
  const { files } = await store.getArtifact(ref);
  return JSON.parse((await store.getBlob(files[0]?.digest as Digest)).toString()) as JsonObject;
};

export interface Engine {
  /** The state folder of the servers. */
  readonly home: string;
  readonly client: Client;
  readonly store: Store;
  readonly kinds: Map<string, AnyStageKind>;
  readonly codes: Map<string, Digest>;
  /** Adds a kind that the workers know. */
  kind<P>(name: string, stage: StageKind<P>['run'] | ShardedStageKind<P>): void;
  start(plan: Plan, options?: Partial<ExperimentInput>): ReturnType<Client['workflow']['start']>;
  run(plan: Plan, options?: Partial<ExperimentInput>): Promise<ExperimentResult>;
  progress(runId: string): Promise<RunProgress>;
  /** Sends an update, such as `retry`. Rejects with the ApplicationFailure of one that is refused. */
  tell<Answer>(runId: string, update: string, ...request: object[]): Promise<Answer>;
  /** Resolves once the run is in this state. */
  untilState(runId: string, state: RunState): Promise<RunProgress>;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly slots?: number;
  /** 0: every workflow task replays its history from the start. */
  readonly cachedWorkflows?: number;
  /** How this process calls itself in histories. */
  readonly identity?: string;
}

/** Real Temporal, real MinIO, and in this process an orchestrator and a cpu worker of so many slots, with kinds of the test. */
export const startEngine = async ({ slots = 1, cachedWorkflows, identity }: EngineOptions = {}): Promise<Engine> => {
  const services = await startServices();
  const { temporal, s3 } = services.endpoints;
  const store = await openStore(s3);
  const kinds = new Map<string, AnyStageKind>();
  const codes = new Map<string, Digest>();
  const host = createHost({
    store,
    build,
    codes: async () => new Map([...kinds.keys()].map((kind) => [kind, codes.get(kind) ?? codeOf(kind)])),
    loadStage: async (kind) => kinds.get(kind) as AnyStageKind,
    loadOwn: () => Promise.reject(new Error('no kinds of users here')),
    checkParams: () => {},
    machine: async () => ({ host: 'test', platform: 'test', cpu: 'test', cores: 1, node: process.version }),
    source: async (kind, code) => async () => ({
      code: await store.putArtifact({ type: 'code', meta: { kind, code, packages: [] }, files: [] }),
    }),
  });
  try {
    const filter = makeTelemetryFilterString({ core: 'ERROR' });
    Runtime.install({ logger: quiet, shutdownSignals: [], telemetryOptions: { logging: { filter } } });
  } catch {
    // Installed already by an earlier engine of this process.
  }
  const native = await NativeConnection.connect({ address: temporal.address });
  const common = { build, connection: native, namespace: temporal.namespace };
  const workers: Worker[] = [
    await createWorker({ ...common, role: 'orchestrator', activities: createBookkeeping(store), cachedWorkflows }),
    await createWorker({ ...common, role: 'cpu', activities: host, slots }),
  ];
  const running = workers.map((worker) => worker.run());
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace, identity });
  const start: Engine['start'] = (plan, options = {}) => {
    const input: ExperimentInput = { plan, runId: plan.experiment, device: 'cpu', maxParallel: 8, build, ...options };
    return client.workflow.start<typeof experiment>('experiment', {
      taskQueue: taskQueue('orchestrator', build),
      workflowId: input.runId,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
    });
  };
  const progress: Engine['progress'] = (runId) => client.workflow.getHandle(runId).query<RunProgress>('progress');
  return {
    home: services.home,
    client,
    store,
    kinds,
    codes,
    kind: (name, stage) => void kinds.set(name, (typeof stage === 'function' ? { run: stage } : stage) as AnyStageKind),
    start,
    run: async (plan, options) => (await (await start(plan, options)).result()) as ExperimentResult,
    progress,
    tell: async <Answer>(runId: string, update: string, ...request: object[]) => {
      try {
        const args = request as [object];
        return await client.workflow.getHandle(runId).executeUpdate<Answer, [object]>(update, { args });
      } catch (error) {
        throw error instanceof WorkflowUpdateFailedError ? error.cause : error;
      }
    },
    untilState: (runId, state) =>
      until(async () => {
        const now = await progress(runId);
        return now.state === state && now;
      }),
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await connection.close();
      await native.close();
      await services.stop();
    },
  };
};

/** Looks again and again until there is something. */
export const until = async <T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> => {
  while (true) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

const silent = () => {};
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
