import { type Action, type ActionKey, actionKey, type Outputs } from '../core/action.ts';
import { longestWays } from '../core/dag.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import { dependenciesOf, isReport, type Plan, type PlanNode, toAction } from '../core/plan.ts';
import { nodeWithout, skipsAmong } from '../core/skips.ts';
import { type Failure, maxRepairs, type NodeProgress, type NodeState } from './types.ts';

interface Entry {
  readonly node: PlanNode;
  readonly needs: readonly string[];
  /** Of work that others wait for: the longer the way from here to the end, the sooner it is done. */
  readonly priority: number;
  state: NodeState;
  action?: Action;
  key?: ActionKey;
  outputs?: Outputs;
  startedAtMs?: number;
  endedAtMs?: number;
  failure?: Failure;
  /** The skipped stage that this one is left out for (it may be itself), and why that one was. */
  skipped?: { readonly stage: string; readonly because: string };
  attempts?: number;
  lostSeconds?: number;
  /** How often its inputs were found damaged and were made again. */
  repairs: number;
}

/** How many priorities Temporal has. */
const levels = 5;

export interface Ready {
  readonly node: PlanNode;
  readonly action: Action;
  readonly key: ActionKey;
  /** 1 to 5, as Temporal counts: work with a lower number is taken from a queue first. */
  readonly priority: number;
}

/** What a stage ended with. */
export interface Made {
  readonly outputs: Outputs;
  /** Whether the worker found the outputs in the store after all. */
  readonly hit: boolean;
  readonly attempts?: number;
  readonly lostSeconds?: number;
}

/** The DAG of a run and where each node of it stands. Pure: no clock, no Temporal; the workflow only carries it out. */
export class Schedule {
  readonly #entries: Map<string, Entry>;

  constructor(plan: Plan) {
    const vertices = plan.nodes.map((node) => ({ id: node.id, node, needs: dependenciesOf(node) }));
    const ways = longestWays(vertices);
    const longest = Math.max(...ways.values());
    const priorityOf = (id: string): number => 1 + Math.floor((levels * (longest - (ways.get(id) ?? 1))) / longest);
    this.#entries = new Map(
      vertices.map(({ id, ...entry }) => [id, { ...entry, priority: priorityOf(id), state: 'waiting', repairs: 0 }]),
    );
  }

  /**
   * Takes the nodes whose inputs have all been made since the last call, and gives them their keys. Nodes behind a failed
   * one become `blocked`; nodes behind a skipped one are skipped, unless they are reports: those are made without it.
   */
  wave(): Ready[] {
    const ready: Ready[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'waiting') continue;
      const needs = entry.needs.map((id) => this.#entry(id));
      const without = isReport(entry.node) ? undefined : needs.find(({ state }) => state === 'skipped');
      if (without) Object.assign(entry, { state: 'skipped', skipped: without.skipped } satisfies Partial<Entry>);
      else if (needs.some(({ state }) => state === 'failed' || state === 'blocked')) entry.state = 'blocked';
      else if (!needs.some(isMissing)) ready.push(...this.#makeReady(entry));
    }
    return ready;
  }

  /** @returns nothing where an input lacks an output that the plan promised: then the node has failed */
  #makeReady(entry: Entry): Ready[] {
    const node = this.#withoutSkipped(entry);
    const outputs = entry.needs.flatMap((id) => {
      const made = this.#entry(id).outputs;
      return made ? [[id, made] as const] : [];
    });
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
    return [{ node, action: entry.action, key: entry.key, priority: entry.priority }];
  }

  /** A report whose params say which stages it was made without, and why, so that its key and record do as well. */
  #withoutSkipped({ node, needs }: Entry): PlanNode {
    return nodeWithout(
      node,
      skipsAmong(needs, (id) => becauseOf(this.#entry(id))),
    );
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

  /** The next node to start: ready, no other node busy with the same key, and of such the first of those with most behind it. */
  next(): Ready | undefined {
    const busy = new Set([...this.#entries.values()].filter((e) => e.state === 'running').map((e) => e.key));
    let next: Ready | undefined;
    for (const { state, node, action, key, priority } of this.#entries.values())
      if (state === 'ready' && action && key && !busy.has(key) && priority < (next?.priority ?? levels + 1))
        next = { node, action, key, priority };
    return next;
  }

  /** Ids of the nodes under way. */
  running(): string[] {
    return [...this.#entries.values()].filter(({ state }) => state === 'running').map(({ node }) => node.id);
  }

  start(id: string, nowMs: number): void {
    const entry = this.#entry(id);
    entry.state = 'running';
    entry.startedAtMs = nowMs;
    entry.endedAtMs = undefined;
  }

  succeed(id: string, { outputs, hit, attempts, lostSeconds }: Made, nowMs: number): void {
    const entry = this.#entry(id);
    const state = hit ? 'hit' : 'done';
    Object.assign(entry, { state, outputs, attempts, lostSeconds, endedAtMs: nowMs } satisfies Partial<Entry>);
    if (entry.key) this.settleHits({ [entry.key]: outputs });
  }

  /** Nodes with the same key fail with it: the same work would fail in the same way. */
  fail(id: string, failure: Failure, nowMs: number): void {
    const failed = this.#entry(id);
    for (const entry of this.#entries.values())
      if (entry === failed || (entry.state === 'ready' && entry.key === failed.key))
        Object.assign(entry, { state: 'failed', failure, endedAtMs: nowMs } satisfies Partial<Entry>);
  }

  /** Whether a node that cannot read its inputs may have them made once more. */
  mayRepair(id: string): boolean {
    return this.#entry(id).repairs < maxRepairs;
  }

  /**
   * Puts back a node that could not read its inputs, with those that made the damaged ones: they are made again, then the node.
   *
   * @param damaged digests of artifacts; none where they are sound again by now, so that the node runs again alone
   */
  repair(id: string, damaged: ReadonlySet<Digest>): void {
    const entry = this.#entry(id);
    entry.repairs += 1;
    const makers = entry.needs
      .map((need) => this.#entry(need))
      .filter(({ outputs }) => Object.values(outputs ?? {}).some(({ digest }) => damaged.has(digest)));
    for (const maker of makers) Object.assign(maker, { state: 'waiting', outputs: undefined } satisfies Partial<Entry>);
    entry.state = 'waiting';
    for (const other of this.#entries.values())
      if (other.state === 'ready' && makers.some(({ node }) => other.needs.includes(node.id))) other.state = 'waiting';
  }

  /**
   * Ids of failed nodes, by default of all: named by their ids, or by a stage's name for all failed nodes of it.
   *
   * @throws CemiflowError `UnknownStage`, `StageNotFailed`, `NothingFailed`
   */
  failedNodes(names?: readonly string[]): string[] {
    const entries = [...this.#entries.values()];
    const failed = entries.filter(({ state }) => state === 'failed').map(({ node }) => node.id);
    const remedy = failed.length > 0 ? `these have failed: ${failed.join(', ')}` : 'nothing has failed';
    if (names === undefined && failed.length > 0) return failed;
    if (names === undefined || names.length === 0)
      throw new CemiflowError('NothingFailed', names ? 'no stage was named' : 'no stage of this run has failed', {
        remedy,
      });
    const chosen = names.flatMap((name) => {
      const meant = entries.filter(({ node }) => node.id === name || node.stage === name);
      if (meant.length === 0)
        throw new CemiflowError('UnknownStage', `this run has no stage ${name}`, { remedy, data: { name } });
      const ids = meant.filter(({ state }) => state === 'failed').map(({ node }) => node.id);
      if (ids.length > 0) return ids;
      const states = [...new Set(meant.map(({ state }) => state))].join(', ');
      throw new CemiflowError('StageNotFailed', `${name} has not failed: it is ${states}`, { remedy, data: { name } });
    });
    return [...new Set(chosen)];
  }

  /** Failed nodes start again, and what waits behind them waits again. */
  retry(ids: readonly string[]): void {
    for (const id of ids)
      Object.assign(this.#entry(id), { ...afresh, state: 'waiting', repairs: 0 } satisfies Partial<Entry>);
    this.#unblock();
  }

  /** Failed nodes that the run does without; `wave` finds what needs them. */
  skip(ids: readonly string[], because: string): void {
    for (const id of ids) {
      const skipped = { stage: id, because };
      Object.assign(this.#entry(id), { ...afresh, state: 'skipped', skipped } satisfies Partial<Entry>);
    }
    this.#unblock();
  }

  #unblock(): void {
    for (const entry of this.#entries.values()) if (entry.state === 'blocked') entry.state = 'waiting';
  }

  /** `going` while anything is under way or can start; `stuck` where only failures are left; `done` otherwise. */
  standing(): 'going' | 'stuck' | 'done' {
    const states = new Set([...this.#entries.values()].map(({ state }) => state));
    if (states.has('waiting') || states.has('ready') || states.has('running')) return 'going';
    return states.has('failed') ? 'stuck' : 'done';
  }

  /** After a cancellation nothing starts any more. */
  cancel(nowMs: number): void {
    for (const entry of this.#entries.values())
      if (['waiting', 'ready', 'running'].includes(entry.state))
        Object.assign(entry, { state: 'cancelled', endedAtMs: nowMs } satisfies Partial<Entry>);
  }

  progress(): NodeProgress[] {
    return [...this.#entries.values()].map((entry) => {
      const { node, needs, state, key, outputs, startedAtMs, endedAtMs, failure, attempts, lostSeconds } = entry;
      const because = becauseOf(entry);
      const progress: NodeProgress = {
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
        attempts,
        lostSeconds,
        waitsFor: needs.map((id) => this.#entry(id)).flatMap((need) => (isMissing(need) ? [need.node.id] : [])),
      };
      // No spread above: it is compiled into a helper that takes half of the time, at each step for each node.
      return because === undefined ? progress : { ...progress, skipped: { because } };
    });
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new Error(`the plan has no node ${id}`);
    return entry;
  }
}

/** What a failed try leaves behind, taken back. */
const afresh = { failure: undefined, startedAtMs: undefined, endedAtMs: undefined };

const isMissing = ({ outputs, state }: Entry): boolean => outputs === undefined && state !== 'skipped';

/** Why a skipped node was: its own reason, or that of the one it needs. */
const becauseOf = ({ node, state, skipped }: Entry): string | undefined => {
  if (state !== 'skipped' || !skipped) return undefined;
  return skipped.stage === node.id ? skipped.because : `needs ${skipped.stage}: ${skipped.because}`;
};
