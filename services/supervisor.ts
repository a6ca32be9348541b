import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { isAlive } from '../setup/lock.mjs';
import { Child, type Command } from './child.ts';
import { minioCommand, type SupervisorConfig, temporalCommand, workerCommand, workerGraceMs } from './config.ts';
import type { Reply, Request } from './control.ts';
import { attempt, readJson, writeJson } from './files.ts';
import { fleetChanges, largerSpec, wantedWorkers, workerName } from './fleet.ts';
import { type Paths, pathsOf } from './paths.ts';
import type { ChildStatus, SupervisorStatus, WorkerSpec } from './types.ts';

const serverGraceMs = 15_000;
const watchEveryMs = 1_000;

/** The one process that owns the embedded servers and the workers of a state folder. */
class Supervisor {
  readonly #config: SupervisorConfig;
  readonly #paths: Paths;
  readonly #startedAt = new Date().toISOString();
  readonly #servers: Child[] = [];
  #workers: Child[] = [];
  #ready = false;
  #stopping: Promise<void> | undefined;
  #build: string | undefined;
  #spec: WorkerSpec = { orchestrator: 0, cpu: 0, gpu: 0 };
  #writeScheduled = false;
  #statusTrouble: string | undefined;

  constructor(config: SupervisorConfig) {
    this.#config = config;
    this.#paths = pathsOf(config.home);
  }

  get status(): SupervisorStatus {
    return {
      ...{ pid: process.pid, startedAt: this.#startedAt, ready: this.#ready, stopping: this.#stopping !== undefined },
      temporalAddress: this.#config.endpoints.temporal.address,
      temporalNamespace: this.#config.endpoints.temporal.namespace,
      s3Endpoint: this.#config.endpoints.s3.endpoint,
      build: this.#build,
      children: [...this.#servers, ...this.#workers].map((child) => child.status),
    };
  }

  startServers(): void {
    const { temporal, minio, ports } = this.#config;
    if (minio)
      this.#servers.push(this.#child('minio', 'minio', minioCommand(this.#config, minio, this.#paths), ports.minio));
    if (temporal)
      this.#servers.push(
        this.#child('temporal', 'temporal', temporalCommand(this.#config, temporal, this.#paths), ports.temporal),
      );
    for (const server of this.#servers) server.start();
  }

  handle(request: Request): SupervisorStatus {
    if (request.op === 'ready') this.#ready = true;
    if (request.op === 'revive') for (const child of [...this.#servers, ...this.#workers]) child.start();
    if (request.op === 'ensure-workers') this.#ensureWorkers(request);
    if (request.op === 'stop') void this.stop();
    this.#changed();
    return this.status;
  }

  /** Workers first, so that checkpoints still find their servers; then Temporal, then the object store. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      await Promise.all(this.#workers.map((worker) => worker.stop(workerGraceMs)));
      for (const server of [...this.#servers].reverse()) await server.stop(serverGraceMs);
      attempt('remove the socket', () => rmSync(this.#paths.socket, { force: true }), say);
      this.#writeStatus();
      say('stopped');
      process.exit(0);
    })().catch((error) => {
      say(`stopping failed: ${error}`);
      process.exit(1);
    });
    return this.#stopping;
  }

  #ensureWorkers({ build, project, spec }: Request & { readonly op: 'ensure-workers' }): void {
    if (this.#stopping) throw new Error('the supervisor is stopping');
    this.#spec = build === this.#build ? largerSpec(this.#spec, spec) : spec;
    this.#build = build;
    this.#workers = this.#workers.filter((worker) => worker.status.state !== 'stopped');
    const wanted = wantedWorkers(build, this.#spec);
    const { start, drain } = fleetChanges(
      wanted,
      this.#workers.map((worker) => worker.status),
    );
    for (const id of start) {
      const command = workerCommand(this.#config, id.role, id.index, build, project);
      const worker = this.#child(workerName(id), id.role, command, undefined, build, `worker-${id.role}-${id.index}`);
      this.#workers.push(worker);
    }
    const names = new Set(wanted.map(workerName));
    for (const worker of this.#workers) if (names.has(worker.status.name)) worker.start();
    for (const worker of this.#workers) if (drain.includes(worker.status.name)) this.#drain(worker);
  }

  #drain(worker: Child): void {
    say(`draining ${worker.status.name}`);
    void worker.stop(workerGraceMs).then(() => {
      this.#workers = this.#workers.filter((other) => other !== worker);
      this.#changed();
    });
  }

  #child(name: string, kind: ChildStatus['kind'], command: Command, port?: number, build?: string, log = name): Child {
    const { logs, pids } = this.#paths;
    const onChange = (): void => this.#changed();
    const { mostFailures } = this.#config;
    const path = join(logs, `${log}.log`);
    return new Child({ name, kind, command, port, build, log: path, pids, mostFailures, onChange, say });
  }

  #changed(): void {
    if (this.#writeScheduled) return;
    this.#writeScheduled = true;
    setImmediate(() => {
      this.#writeScheduled = false;
      if (existsSync(this.#paths.home)) this.#writeStatus();
    });
  }

  /** Trouble is reported once, until it changes or is over: the status is written often. */
  #writeStatus(): void {
    let trouble: string | undefined;
    attempt(
      'write the status',
      () => writeJson(this.#paths.status, this.status),
      (line) => {
        trouble = line;
      },
    );
    if (trouble && trouble !== this.#statusTrouble) say(trouble);
    this.#statusTrouble = trouble;
  }
}

const say = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

const answer = (supervisor: Supervisor, line: string): Reply => {
  try {
    return { ok: true, status: supervisor.handle(JSON.parse(line) as Request) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
};

const serve = (supervisor: Supervisor, socketPath: string): Promise<void> => {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });
  const onConnection = (socket: Socket): void => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        socket.write(`${JSON.stringify(answer(supervisor, text.slice(0, end)))}\n`);
        text = text.slice(end + 1);
      }
    });
  };
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection).once('error', reject);
    // Later ones are connections that were not taken, as with too many open files.
    server.on('error', (error) => say(`the socket: ${error.message}`));
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve();
    });
  });
};

const main = async (configPath: string): Promise<void> => {
  const config = readJson<SupervisorConfig>(configPath);
  if (config === undefined) throw new Error(`${configPath} is missing or is not JSON`);
  process.umask(0o077);
  const paths = pathsOf(config.home);
  for (const folder of [paths.logs, paths.pids]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const supervisor = new Supervisor(config);
  process.on('SIGTERM', () => void supervisor.stop());
  process.on('SIGINT', () => void supervisor.stop());
  process.on('SIGHUP', () => {});
  // What is said goes to a file: on a full disk it is lost.
  process.stdout.on('error', () => {});
  supervisor.startServers();
  await serve(supervisor, paths.socket);
  setInterval(() => {
    const { stopWith } = config;
    if (!existsSync(config.home) || (stopWith !== undefined && !isAlive(stopWith))) void supervisor.stop();
  }, watchEveryMs);
};

main(process.argv[2] ?? '').catch((error) => {
  say(`supervisor failed: ${error?.stack ?? error}`);
  process.exit(1);
});
