import { canonicalJson } from '../../core/canonical.ts';
import { type Change, tellChange } from '../../core/changes.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { PlanNode } from '../../core/plan.ts';
import { type CodeChange, tellCodeChange } from '../../spec/code-changes.ts';
import type { Cause } from './difference.ts';
import { type Irreproducible, tellFact } from './machine.ts';

/** A first cause, and where it was met: equal ones of several nodes are one. */
export interface Found {
  readonly what: Cause['what'];
  readonly text: string;
  readonly evidence: JsonObject;
  readonly nodes: string[];
  readonly followers: Set<string>;
  readonly numbers: string[];
}

/** Files that are named in one line. */
const shownFiles = 4;

/** Gathers first causes, each once. */
export class Causes {
  readonly #found = new Map<string, Found>();
  readonly #code: ReadonlyMap<string, CodeChange>;

  constructor(code: readonly CodeChange[]) {
    this.#code = new Map(code.map((change) => [change.kind, change]));
  }

  changed(node: PlanNode, change: Change): Found {
    if (change.what === 'code') return this.#codeOf(node);
    if (change.what === 'content') {
      // Nodes that read the same folder have one cause.
      const { content = null } = node.params;
      return this.#meet('content', node.id, `files changed (read by ${node.id})`, { content });
    }
    const what = change.what === 'input' || change.what === 'inputs' ? 'parameter' : change.what;
    return this.#meet(what, node.id, tellChange(change), { change: change as unknown as Json });
  }

  irreproducible(id: string, { facts, parts }: Irreproducible): Found {
    const why = facts.length > 0 ? facts.map(tellFact).join('; ') : 'nothing that was recorded of the machines differs';
    const evidence = { facts: facts as unknown as Json };
    const found = this.#meet('not reproducible', id, `same action, other outputs: ${why}`, evidence);
    if (parts.length > 0) found.evidence.parts = { ...(found.evidence.parts as JsonObject), [id]: [...parts] };
    return found;
  }

  /** Points of a matrix that were added together are one cause. */
  oneSided(what: 'added' | 'removed', { id, stage, matrix }: PlanNode): Found {
    const point = id.slice(stage.length);
    if (point === '') return this.#meet(what, id, `stage ${what}: ${stage}`, { stage });
    return this.#meet(what, id, `point of a matrix ${what}: ${point}`, { matrix });
  }

  /** @param reasons of the runs that skipped it */
  skipped(id: string, reasons: { readonly before?: string; readonly now?: string }): Found {
    const told = Object.entries(reasons).map(([side, because]) => `${sideName[side as Side]} because ${because}`);
    return this.#meet('skipped', id, `skipped ${told.join(', and ')}`, { ...reasons });
  }

  unmade(id: string, side: Side): Found {
    return this.#meet('not made', id, `not made ${sideName[side]}`, { side });
  }

  /** Notes that a node differs because of them. */
  follow(id: string, causes: readonly Found[]): void {
    for (const { nodes, followers } of causes) if (!nodes.includes(id)) followers.add(id);
  }

  numbersOf(causes: readonly Found[]): number[] {
    const order = [...this.#found.values()];
    return [...new Set(causes.map((cause) => order.indexOf(cause) + 1))].sort((a, b) => a - b);
  }

  all(): Cause[] {
    return [...this.#found.values()].map(({ followers, ...found }, i) => ({
      number: i + 1,
      ...found,
      followers: [...followers],
    }));
  }

  /** Kinds whose code differs in the same files have one cause. */
  #codeOf({ id, kind }: PlanNode): Found {
    const change = this.#code.get(kind);
    if (!change) return this.#meet('code', id, `code of ${kind} changed`, { kind });
    const { changed, added, removed, packages } = change;
    const files = { changed, added, removed, packages };
    const evidence = Object.fromEntries(Object.entries(files).map(([name, list]) => [name, [...list]]));
    return this.#meet('code', id, `code: ${tellCodeChange(files, shownFiles)}`, evidence);
  }

  #meet(what: Found['what'], id: string, text: string, evidence: JsonObject): Found {
    const key = canonicalJson([what, evidence]);
    const found = this.#found.get(key) ?? {
      what,
      text,
      evidence: { ...evidence },
      nodes: [],
      followers: new Set(),
      numbers: [],
    };
    this.#found.set(key, found);
    if (!found.nodes.includes(id)) found.nodes.push(id);
    return found;
  }
}

type Side = 'before' | 'now';
const sideName = { before: 'in the first run', now: 'in the second run' } as const;
