import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { JsonObject } from '../../core/errors.ts';
import { type PlanNode, toAction } from '../../core/plan.ts';
import { wholeKind } from '../../core/stage.ts';
import { down, type SupervisorStatus, status, up } from '../../services/index.ts';
import { openStore, type S3Config, type Store } from '../../store/index.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';
import { ownEnv } from '../helpers/services.ts';
import { allRecords, forget } from './audit.ts';
import { Command, type Ended } from './command.ts';
import { FaultProxy } from './proxy.ts';
import { type UnderWay, underWay } from './under-way.ts';

/** What every run is asked for, so that a trial takes seconds where a user's run takes minutes. */
export const checkpointSeconds = 1;
export const heartbeatSeconds = 5;
const haste = ['--checkpoint-seconds', `${checkpointSeconds}`, '--heartbeat-timeout', `${heartbeatSeconds}`, '--yes'];

/** What the experiment gives where nobody disturbs it. */
export interface Undisturbed {
  /** By node: digests of its outputs. */
  readonly outputs: { readonly [node: string]: string };
  /** By stage kind: about what its actions took, on two workers. */
  readonly seconds: { readonly [kind: string]: number };
}

/** How a disturbed run came to its end. */
export interface End {
  readonly done: boolean;
  /** Times that `cemiflow run` was called until it was. */
  readonly commands: number;
  /** What these said had gone wrong, as codes. */
  readonly codes: readonly string[];
  /** The last words, where it was not done. */
  readonly said: string;
}

interface Setup {
  readonly spec?: string;
  /** The workers reach the store through a proxy. */
  readonly proxied?: boolean;
}

/** A supervisor gives a child up that dies too often in a row: a trial must not meet what the ones before have left. */
const mostRestarts = 5;
/** However slow the machine is, a trial ends. */
export const trialMs = 300_000;

/** A user's machine to break things on: real services in a state folder of their own, and one experiment. */
export class Lab {
  readonly home = mkdtempSync(join(tmpdir(), 'cemiflow-faults-'));
  readonly spec: string;
  /** Around the proxy. */
  store!: Store;
  client!: Client;
  runId = '';
  nodes: readonly PlanNode[] = [];
  readonly proxy: FaultProxy | undefined;
  readonly #minio: TestMinio | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #connection: Connection | undefined;

  static async open({
    spec = join(import.meta.dirname, 'experiment.yaml'),
    proxied = false,
  }: Setup = {}): Promise<Lab> {
    const minio = proxied ? await startMinio() : undefined;
    const lab = new Lab(spec, minio, minio && (await FaultProxy.start(minio.config.endpoint)));
    try {
      await lab.#begin();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  private constructor(spec: string, minio: TestMinio | undefined, proxy: FaultProxy | undefined) {
    this.spec = spec;
    this.#minio = minio;
    this.proxy = proxy;
    this.#env = { ...ownEnv(), CEMIFLOW_HOME: this.home, ...(minio && proxy && storeEnv(minio.config, proxy)) };
  }

  async #begin(): Promise<void> {
    const { temporal, s3 } = await this.#up();
    this.store = await openStore(this.#minio?.config ?? s3);
    this.#connection = await Connection.connect({ address: temporal.address });
    this.client = new Client({ connection: this.#connection, namespace: temporal.namespace });
    const { code, out, err } = await this.cemiflow(['plan', this.spec, '--json']).within(trialMs);
    if (code !== 0) throw new Error(`the experiment cannot be planned:\n${err}`);
    const plan = JSON.parse(out) as { run: string; actions: PlanNode[] };
    this.runId = plan.run;
    this.nodes = plan.actions;
  }

  /** Stage kinds, each once, in the order of the plan. */
  get kinds(): string[] {
    return [...new Set(this.nodes.map(({ kind }) => kind))];
  }

  cemiflow(args: readonly string[]): Command {
    return new Command(args, this.#env);
  }

  /** Starts `cemiflow run` of the experiment, or attaches to it. */
  start(options: readonly string[] = haste): Command {
    return this.cemiflow(['run', this.spec, '--out', join(this.home, 'report'), ...options]);
  }

  /** Waits for the run's end. Where a command ends before the run is done, the run is asked for again, as a user would. */
  async finish(command: Command, limitMs = trialMs): Promise<End> {
    const deadline = Date.now() + limitMs;
    const codes = new Set<string>();
    let last: Ended = await command.within(limitMs);
    let commands = 1;
    for (; ; commands++) {
      for (const [, found] of last.err.matchAll(/error\[(\w+)\]/g)) codes.add(found as string);
      if (last.code === 0 || Date.now() >= deadline || codes.has('Usage')) break;
      last = await this.start().within(deadline - Date.now());
    }
    const said = last.code === 0 ? '' : `${last.out.slice(-1000)}\n${last.err.slice(-2000)}`;
    return { done: last.code === 0, commands, codes: [...codes], said };
  }

  /** Runs the experiment with nobody in its way. */
  async undisturbed(): Promise<Undisturbed> {
    const { done, said } = await this.finish(this.start());
    if (!done) throw new Error(`the undisturbed run did not end well:\n${said}`);
    return { outputs: await this.outputs(), seconds: await this.seconds() };
  }

  /** By stage kind: about what its actions took that are in the store, on two workers. */
  async seconds(): Promise<{ [kind: string]: number }> {
    const seconds: { [kind: string]: number } = {};
    for (const { action, spent } of await allRecords(this.store)) {
      const kind = wholeKind(action.kind);
      seconds[kind] = (seconds[kind] ?? 0) + spent.wallSeconds / (kind === action.kind ? 1 : 2);
    }
    return seconds;
  }

  /** What the store has for every node, as far as the chain of keys leads. */
  async outputs(): Promise<{ [node: string]: string }> {
    const made = new Map<string, Outputs>();
    for (const node of this.nodes) {
      const record = await this.recordOf(node, made);
      if (!record) break;
      made.set(node.id, record.outputs);
    }
    return Object.fromEntries([...made].map(([id, outputs]) => [id, canonicalJson(outputs as unknown as JsonObject)]));
  }

  /** A node's record, where everything that it names is there. @param made outputs of the nodes before it */
  async recordOf(node: PlanNode, made: ReadonlyMap<string, Outputs>): Promise<ActionRecord | undefined> {
    const key = actionKey(toAction(node, made));
    return (await this.store.lookupRecords([key])).get(key);
  }

  /** Takes all actions of some kinds out of the store, to be made again. */
  forget(kinds: readonly string[]): Promise<void> {
    return forget(this.store, kinds);
  }

  /** Stage activities that workers have taken, of one kind if told. */
  async underWay(kind?: string): Promise<UnderWay[]> {
    const all = await underWay(this.client, this.runId);
    return kind === undefined ? all : all.filter(({ id }) => this.kindOf(id) === kind);
  }

  kindOf(activityId: string): string | undefined {
    return this.nodes.find(({ id }) => activityId === id || activityId.startsWith(`${id}/`))?.kind;
  }

  /** Waits until a worker does what is asked for. @returns nothing where the command ends before */
  async until(command: Command, kind: string, check: (found: UnderWay) => boolean = () => true) {
    while (!command.isOver) {
      const found = (await this.underWay(kind)).find(check);
      if (found) return found;
      await sleep(20);
    }
    return undefined;
  }

  async supervisor(): Promise<SupervisorStatus | undefined> {
    return (await status({ home: this.home, env: this.#env })).supervisor;
  }

  /** Makes the next trial begin as the first one did: services up, and no child near the end of its restarts. */
  async tidy(): Promise<void> {
    const running = await this.supervisor();
    if (running?.children.some(({ restarts, state }) => restarts >= mostRestarts || state === 'failed'))
      await down({ home: this.home });
    await this.#up();
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.proxy?.close();
    await down({ home: this.home });
    await this.#minio?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  #up() {
    return up({ home: this.home, env: this.#env, stopWithPid: process.pid });
  }
}

const storeEnv = ({ accessKey, secretKey, bucket }: S3Config, { endpoint }: FaultProxy): NodeJS.ProcessEnv => ({
  S3_ENDPOINT: endpoint,
  S3_ACCESS_KEY: accessKey,
  S3_SECRET_KEY: secretKey,
  S3_BUCKET: bucket,
});
