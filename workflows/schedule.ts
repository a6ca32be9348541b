import { type Action, type ActionKey, actionKey, type Outputs } from '../core/action.ts';
import { CemiflowError } from '../core/errors.ts';
import { dependenciesOf, type Plan, type PlanNode, toAction } from '../core/plan.ts';
import type { Failure, NodeProgress, NodeState } from './types.ts';

interface Entry {
  readonly node: PlanNode;
  readonly needs: readonly string[];
  state: NodeState;
  action?: Action;
  key?: ActionKey;
  outputs?: Outputs;
  startedAtMs?: number;
  endedAtMs?: number;
  failure?: Failure;
}

export interface Ready {
  readonly node: PlanNode;
  readonly action: Action;
  readonly key: ActionKey;
}

/** The DAG of a run and where each node of it stands. Pure: no clock, no Temporal; the workflow only carries it out. */
export class Schedule {
  readonly #entries: Map<string, Entry>;

  constructor(plan: Plan) {
    this.#entries = new Map(
      plan.nodes.map((node) => [node.id, { node, needs: dependenciesOf(node), state: 'waiting' }]),
    );
  }

  /**
   * Takes the nodes whose inputs have all been made since the last call, and gives them their keys.
   * Nodes behind a failed one become `blocked`.
   */
  wave(): Ready[] {
    const ready: Ready[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'waiting') continue;
      const needs = entry.needs.map((id) => this.#entry(id));
      if (needs.some(({ state }) => state === 'failed' || state === 'blocked')) entry.state = 'blocked';
      else if (needs.every(({ outputs }) => outputs !== undefined)) ready.push(...this.#makeReady(entry));
    }
    return ready;
  }

  /** @returns nothing where an input lacks an output that the plan promised: then the node has failed */
  #makeReady(entry: Entry): Ready[] {
    const { node } = entry;
    const outputs = entry.needs.map((id) => [id, this.#entry(id).outputs as Outputs] as const);
    try {
      entry.action = toAction(node, new Map(outputs));
    } catch (error) {
      if (!(error instanceof CemiflowError)) throw error;
      const { code, message, remedy } = error;
      Object.assign(entry, { state: 'failed', failure: { code, message, remedy } } satisfies Partial<Entry>);
      return [];
    }
    entry.key = actionKey(entry.action);
    entry.state = 'ready';
    return [{ node, action: entry.action, key: entry.key }];
  }

  /** Marks every ready node whose key has a record. @returns whether there was one */
  settleHits(found: { readonly [key: ActionKey]: Outputs }): boolean {
    let any = false;
    for (const entry of this.#entries.values()) {
      const outputs = entry.state === 'ready' && entry.key ? found[entry.key] : undefined;
      if (!outputs) continue;
      entry.state = 'hit';
      entry.outputs = outputs;
      any = true;
    }
    return any;
  }

  /** The next node to start: ready, and no other node is busy with the same key. */
  next(): Ready | undefined {
    const busy = new Set([...this.#entries.values()].filter((e) => e.state === 'running').map((e) => e.key));
    for (const { state, node, action, key } of this.#entries.values())
      if (state === 'ready' && action && key && !busy.has(key)) return { node, action, key };
    return undefined;
  }

  start(id: string, nowMs: number): void {
    const entry = this.#entry(id);
    entry.state = 'running';
    entry.startedAtMs = nowMs;
  }

  /** @param hit whether the worker found the outputs in the store after all */
  succeed(id: string, outputs: Outputs, hit: boolean, nowMs: number): void {
    const entry = this.#entry(id);
    Object.assign(entry, { state: hit ? 'hit' : 'done', outputs, endedAtMs: nowMs } satisfies Partial<Entry>);
    if (entry.key) this.settleHits({ [entry.key]: outputs });
  }

  /** Nodes with the same key fail with it: the same work would fail in the same way. */
  fail(id: string, failure: Failure, nowMs: number): void {
    const failed = this.#entry(id);
    for (const entry of this.#entries.values())
      if (entry === failed || (entry.state === 'ready' && entry.key === failed.key))
        Object.assign(entry, { state: 'failed', failure, endedAtMs: nowMs } satisfies Partial<Entry>);
  }

  /** After a cancellation nothing starts any more. */
  cancel(nowMs: number): void {
    for (const entry of this.#entries.values())
      if (['waiting', 'ready', 'running'].includes(entry.state))
        Object.assign(entry, { state: 'cancelled', endedAtMs: nowMs } satisfies Partial<Entry>);
  }

  progress(): NodeProgress[] {
    return [...this.#entries.values()].map(({ node, needs, state, key, outputs, startedAtMs, endedAtMs, failure }) => ({
      id: node.id,
      stage: node.stage,
      kind: node.kind,
      resource: node.resource,
      sharded: node.sharded,
      state,
      key,
      outputs,
      startedAtMs,
      endedAtMs,
      failure,
      waitsFor: needs.filter((id) => !this.#entry(id).outputs),
    }));
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new Error(`the plan has no node ${id}`);
    return entry;
  }
}
