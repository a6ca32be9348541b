import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type Bookkeeping, createBookkeeping } from './activities/bookkeeping.ts';
import { createHost, type StageActivities } from './activities/host.ts';
import { describeMachine, requireGpu, type TensorflowSetup } from './activities/machine.ts';
import { registry } from './activities/registry.ts';
import { CemiflowError } from './core/errors.ts';
import { type Role, taskQueue } from './core/queues.ts';
import { flagsOf, tensorflowVariables } from './nn/device/flags.ts';
import { codeDigests } from './schemas/code-digest.ts';
import { checkParams, loadStageSchemas } from './schemas/stage-schemas.ts';
import { ThreadWriter } from './store/checkpoints/writer.ts';
import { type CheckpointWriter, openStore, type S3Config, type Store } from './store/index.ts';

export interface WorkerSetup {
  readonly role: Role;
  readonly build: string;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Bookkeeping for an orchestrator, stage work for the others. */
  readonly activities: Bookkeeping | StageActivities;
  /** Stages at once: 1, because TensorFlow uses all cores itself. Tests take more. */
  readonly slots?: number;
  /** Workflows kept in memory between their tasks; 0 replays each task from the start, which tests do. */
  readonly cachedWorkflows?: number;
}

/** How long a stage may go on after the worker was asked to stop, and then how long its clean-up may take. */
const shutdown = { shutdownGraceTime: '1s', shutdownForceTime: '25s' } as const;

/** A Temporal worker for one role. */
export const createWorker = (setup: WorkerSetup): Promise<Worker> => {
  const { role, build, connection, namespace, activities, slots = 1, cachedWorkflows } = setup;
  const common: WorkerOptions = {
    ...shutdown,
    connection,
    namespace,
    taskQueue: taskQueue(role, build),
    activities,
    identity: `${role}-${process.pid}@${build.slice(-12)}`,
    // Heartbeats carry the progress that people watch.
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
  };
  if (role !== 'orchestrator') return Worker.create({ ...common, maxConcurrentActivityTaskExecutions: slots });
  return Worker.create({
    ...common,
    workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)),
    maxConcurrentActivityTaskExecutions: 20,
    maxCachedWorkflows: cachedWorkflows,
  });
};

/** The stage activities over the registry, this checkout's code and a store. */
export const hostOver = (
  store: Store,
  build: string,
  setup: TensorflowSetup,
  checkpointWriter?: CheckpointWriter,
): StageActivities => {
  const schemas = loadStageSchemas();
  const usesTensors = (kind: string): boolean => schemas.get(kind)?.resource === 'tensor';
  return createHost({
    store,
    build,
    checkpointWriter,
    codes: async (kinds = Object.keys(registry)) =>
      new Map([...(await codeDigests(kinds))].map(([kind, { digest }]) => [kind, digest])),
    loadStage: async (kind) => {
      const load = registry[kind];
      if (!load) throw unknownKind(kind);
      const { stage } = await load();
      if (setup.device === 'gpu' && usesTensors(kind)) await requireGpu();
      return stage;
    },
    checkParams: (kind, params) => {
      const schema = schemas.get(kind);
      if (!schema) throw unknownKind(kind);
      checkParams(schema, params);
    },
    machine: (kind) => describeMachine(usesTensors(kind) ? setup : undefined),
  });
};

const unknownKind = (kind: string): CemiflowError =>
  new CemiflowError('UnknownKind', `this worker has no stage kind ${kind}`, {
    remedy: 'start the run again, so that workers with the new code take it: cemiflow run',
    data: { kind },
  });

const required = (name: string): string => {
  const value = process.env[name];
  if (value) return value;
  throw new CemiflowError('EnvironmentMissing', `${name} is not set`, {
    remedy: 'workers are started by "cemiflow run"; by hand, set the addresses as docs/cli.md says',
    data: { name },
  });
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { role: { type: 'string' }, build: { type: 'string' } } });
  const { role, build } = values;
  if ((role !== 'orchestrator' && role !== 'cpu' && role !== 'gpu') || !build)
    throw new CemiflowError('Usage', `--role must be orchestrator, cpu or gpu, got ${role}; --build must be given`, {
      remedy: 'node --import tsx worker.ts --role cpu --build <id>',
    });
  const device = role === 'gpu' ? 'gpu' : 'cpu';
  Object.assign(process.env, tensorflowVariables(process.env, { device, cores: cpus().length }));
  const setup = { device, flags: flagsOf(process.env), visibleGpus: process.env.CUDA_VISIBLE_DEVICES } as const;
  const s3: S3Config = {
    endpoint: required('S3_ENDPOINT'),
    accessKey: required('S3_ACCESS_KEY'),
    secretKey: required('S3_SECRET_KEY'),
    bucket: process.env.S3_BUCKET || 'cemiflow',
    region: process.env.S3_REGION || 'us-east-1',
  };
  const store = await openStore(s3);
  const activities =
    role === 'orchestrator' ? createBookkeeping(store) : hostOver(store, build, setup, new ThreadWriter(s3));
  const connection = await NativeConnection.connect({ address: required('TEMPORAL_ADDRESS') });
  const namespace = process.env.TEMPORAL_NAMESPACE || 'default';
  const worker = await createWorker({ role, build, connection, namespace, activities });
  console.log(`${role} worker of build ${build} is ready, ${setup.flags.intraOpThreads} threads`);
  await worker.run();
  await connection.close();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
    // Stage modules may hold timers or native threads.
    process.exit(0);
  } catch (error) {
    const { code = 'Unexpected', remedy } = error as Partial<CemiflowError>;
    console.error(`error[${code}]: ${(error as Error).stack}${remedy ? `\n  remedy: ${remedy}` : ''}`);
    process.exit(1);
  }
}
