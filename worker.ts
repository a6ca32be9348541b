import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { CemiflowError } from './core/errors.ts';
import { type Role, taskQueue } from './core/queues.ts';
import { type Bookkeeping, createBookkeeping } from './engine/bookkeeping.ts';
import { createHost } from './engine/host.ts';
import { recordedMachine, requireGpu, setUpTensorflow, type TensorflowSetup } from './engine/machine.ts';
import { ownKindLoader } from './engine/own-kinds/load.ts';
import { loadStage } from './engine/registry.ts';
import { patientSlots } from './engine/slots.ts';
import { sourceKeeper } from './engine/source-keeper.ts';
import type { StageActivities } from './engine/stage-activities.ts';
import { startWatchdog } from './engine/watchdog.ts';
import { checkParams, loadStageSchemas, type StageSchema } from './schemas/stage-schemas.ts';
import { codeDigests } from './spec/code-digest.ts';
import { ThreadWriter } from './store/checkpoints/writer.ts';
import { type CheckpointWriter, openStore, type S3Config, type Store } from './store/index.ts';

export interface WorkerSetup {
  readonly role: Role;
  readonly build: string;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Bookkeeping for an orchestrator, stage work for the others. */
  readonly activities: Bookkeeping | StageActivities;
  /** Stages at once. Default 1: a stage uses all threads of its worker. Tests take more. */
  readonly slots?: number;
  /** Workflows kept in memory between their tasks; 0 replays each task from the start, which tests do. */
  readonly cachedWorkflows?: number;
}

/**
 * A worker that is asked to stop tells its stages at once, and they have this long to leave: a checkpoint takes seconds.
 * Whoever stops workers must wait longer before it kills them.
 */
const leave = { shutdownGraceTime: '0s', shutdownForceTime: '25s' } as const;
/** When a worker that was asked to stop is gone in any case: Temporal's own clean-up can hang on a stage that never returns. */
export const longestLeaveMs = 28_000;

/** Workers of stages take no workflows; a tuner has to name slots of every type. */
const noOtherWork = {
  workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
  localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
  nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
} as const;

/** A Temporal worker for one role. */
export const createWorker = (setup: WorkerSetup): Promise<Worker> => {
  const { role, build, connection, namespace, activities, slots = 1, cachedWorkflows } = setup;
  const common: WorkerOptions = {
    ...leave,
    connection,
    namespace,
    taskQueue: taskQueue(role, build),
    activities,
    identity: `${role}-${process.pid}@${build.slice(-12)}`,
    // Heartbeats carry the progress that people watch.
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
  };
  if (role !== 'orchestrator')
    return Worker.create({ ...common, tuner: { ...noOtherWork, activityTaskSlotSupplier: patientSlots(slots) } });
  return Worker.create({
    ...common,
    workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)),
    maxConcurrentActivityTaskExecutions: 20,
    maxCachedWorkflows: cachedWorkflows,
  });
};

export interface HostOptions {
  readonly checkpointWriter?: CheckpointWriter;
  /** Whether it runs no programs of users. */
  readonly refusesPrograms?: boolean;
}

/** The stage activities over the stage kinds, this checkout's code and a store. */
export const hostOver = (
  store: Store,
  build: string,
  setup: TensorflowSetup,
  { checkpointWriter, refusesPrograms }: HostOptions = {},
): StageActivities => {
  const schemas = loadStageSchemas();
  const usesTensors = (kind: string, own?: StageSchema): boolean => (own ?? schemas.get(kind))?.resource === 'tensor';
  const own = ownKindLoader(store);
  return createHost({
    store,
    build,
    checkpointWriter,
    refusesPrograms,
    codes: async (kinds = [...schemas.keys()]) =>
      new Map([...(await codeDigests(kinds))].map(([kind, { digest }]) => [kind, digest])),
    loadStage: async (kind) => {
      const stage = await loadStage(kind);
      if (setup.device === 'gpu' && usesTensors(kind)) await requireGpu();
      return stage;
    },
    loadOwn: async (kind, code, place) => {
      const loaded = await own(kind, code, place);
      if (setup.device === 'gpu' && usesTensors(kind, loaded.schema)) await requireGpu();
      return loaded;
    },
    checkParams: (kind, params, ownSchema) => {
      const schema = ownSchema ?? schemas.get(kind);
      if (!schema) throw unknownKind(kind);
      checkParams(schema, params);
    },
    machine: (kind, ownSchema) => recordedMachine(usesTensors(kind, ownSchema) ? setup : undefined),
    source: sourceKeeper(store, fileURLToPath(new URL('.', import.meta.url))),
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

/**
 * The first SIGTERM or SIGINT drains: the worker takes nothing new, and its stages leave a checkpoint and go back to the
 * queue. The second leaves at once.
 *
 * @returns takes the worker, once it runs
 */
const stopOnSignals = (): ((worker: Worker) => void) => {
  let running: Worker | undefined;
  let asked = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (asked || !running) {
      console.error(asked ? `${signal} again: leaving at once` : `${signal} before work began: leaving`);
      process.exit(asked ? 1 : 0);
    }
    asked = true;
    console.log(`${signal}: draining; a second signal leaves at once`);
    setTimeout(() => {
      console.error('what was under way did not leave in time');
      process.exit(1);
    }, longestLeaveMs).unref();
    if (running.getState() === 'RUNNING') running.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return (worker) => {
    running = worker;
  };
};

/** How long the main thread may stand still by default. */
const watchdogSeconds = 180;

/** @throws CemiflowError `EnvironmentInvalid` */
const watchdogPatienceMs = (): number => {
  const given = process.env.CEMIFLOW_WATCHDOG_SECONDS || String(watchdogSeconds);
  if (/^[1-9]\d*$/.test(given)) return Number(given) * 1000;
  throw new CemiflowError('EnvironmentInvalid', `CEMIFLOW_WATCHDOG_SECONDS must be a positive integer, got ${given}`, {
    remedy: `leave it out for ${watchdogSeconds}, or set it longer than the longest step`,
    data: { given },
  });
};

/** Runs the worker that arguments and environment ask for, until it is stopped. */
const runWorker = async (host: typeof hostOver): Promise<void> => {
  const takeWorker = stopOnSignals();
  startWatchdog(watchdogPatienceMs());
  Runtime.install({ shutdownSignals: [] });
  const { values } = parseArgs({
    options: { role: { type: 'string' }, build: { type: 'string' }, 'no-commands': { type: 'boolean' } },
  });
  const { role, build } = values;
  const refusesPrograms = values['no-commands'] || Boolean(process.env.CEMIFLOW_NO_COMMANDS);
  if ((role !== 'orchestrator' && role !== 'cpu' && role !== 'gpu') || !build)
    throw new CemiflowError('Usage', `--role must be orchestrator, cpu or gpu, got ${role}; --build must be given`, {
      remedy: 'node --import tsx worker.ts --role cpu --build <id>',
    });
  const device = role === 'gpu' ? 'gpu' : 'cpu';
  const setup = setUpTensorflow(process.env, device);
  const s3: S3Config = {
    endpoint: required('S3_ENDPOINT'),
    accessKey: required('S3_ACCESS_KEY'),
    secretKey: required('S3_SECRET_KEY'),
    bucket: process.env.S3_BUCKET || 'cemiflow',
    region: process.env.S3_REGION || 'us-east-1',
  };
  const store = await openStore(s3);
  const activities =
    role === 'orchestrator'
      ? createBookkeeping(store)
      : host(store, build, setup, { checkpointWriter: new ThreadWriter(s3), refusesPrograms });
  const connection = await NativeConnection.connect({ address: required('TEMPORAL_ADDRESS') });
  const namespace = process.env.TEMPORAL_NAMESPACE || 'default';
  const worker = await createWorker({ role, build, connection, namespace, activities });
  console.log(`${role} worker of build ${build} is ready, ${setup.flags.intraOpThreads} threads`);
  const running = worker.run();
  takeWorker(worker);
  await running;
  await connection.close();
};

/** This process as a worker: says what went wrong, and ends. @param host makes the stage activities; tests give another */
export const workerProcess = async (host = hostOver): Promise<never> => {
  try {
    await runWorker(host);
    // Stage modules may hold timers or native threads.
    process.exit(0);
  } catch (error) {
    const { code = 'Unexpected', remedy } = error as Partial<CemiflowError>;
    console.error(`error[${code}]: ${(error as Error).stack}${remedy ? `\n  remedy: ${remedy}` : ''}`);
    process.exit(1);
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await workerProcess();
