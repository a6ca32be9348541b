import { type ActionRecord, sameOutputs } from '../../core/action.ts';
import { type Change, changesBetween } from '../../core/changes.ts';
import type { Lineage } from '../../core/lineage.ts';
import { dependenciesOf, type PlanNode } from '../../core/plan.ts';
import type { Causes, Found } from './causes.ts';
import type { InputDifference, NodeDifference } from './difference.ts';
import { explain } from './machine.ts';
import { ownChanges } from './own.ts';
import { refsIn, type Side, sideOf } from './sides.ts';

/** A node as it is in both plans, by `id`. */
interface Pair {
  readonly id: string;
  readonly before: PlanNode;
  readonly now: PlanNode;
}

/** What is known of a node so far. */
interface Compared {
  /** Of its outputs; none where they are the same. */
  readonly causes: readonly Found[];
  readonly difference?: Omit<NodeDifference, 'causes'>;
}

const nothing: Compared = { causes: [] };

/** Compares two runs node by node, inputs first, so that every difference can be led back to where it began. */
export class NodeComparison {
  readonly #before: Side;
  readonly #now: Side;
  readonly #causes: Causes;
  readonly #oneSided: ReadonlySet<string>;
  readonly #done = new Map<string, Compared>();
  /** Ids of both runs' nodes, in the order of the plans. */
  readonly ids: readonly string[];

  constructor(before: Lineage, now: Lineage, causes: Causes) {
    this.#before = sideOf(before);
    this.#now = sideOf(now);
    this.#causes = causes;
    const [old, fresh] = [this.#before.nodes, this.#now.nodes];
    this.ids = [...new Set([...old.keys(), ...fresh.keys()])];
    this.#oneSided = new Set(this.ids.filter((id) => old.has(id) !== fresh.has(id)));
  }

  /** First causes of what differs in a node's outputs. */
  causesOf(id: string): readonly Found[] {
    return this.#of(id).causes;
  }

  /** Every node that is not the same, with its first causes by number. */
  differences(): NodeDifference[] {
    return this.ids.flatMap((id) => {
      const { difference, causes } = this.#of(id);
      return difference ? [{ ...difference, causes: this.#causes.numbersOf(causes) }] : [];
    });
  }

  #of(id: string): Compared {
    const known = this.#done.get(id);
    if (known) return known;
    // A plan has no cycles, but two plans together may: a node that leads back to itself is not its own cause.
    this.#done.set(id, nothing);
    const compared = this.#compare(id);
    this.#done.set(id, compared);
    this.#causes.follow(id, compared.causes);
    return compared;
  }

  #compare(id: string): Compared {
    const [before, now] = [this.#before.nodes.get(id), this.#now.nodes.get(id)];
    if (before && now) return this.#comparePair({ id, before, now });
    const node = (before ?? now) as PlanNode;
    const what = now ? 'added' : 'removed';
    const upstream = dependenciesOf(node).filter((need) => this.#oneSided.has(need));
    const causes = upstream.flatMap((need) => this.causesOf(need));
    const first = causes.length > 0 ? causes : [this.#causes.oneSided(what, node)];
    return { causes: first, difference: { id, state: what, keys: this.#keys(id), changes: [], inputs: [] } };
  }

  #comparePair(pair: Pair): Compared {
    const { id, before, now } = pair;
    const [a, b] = [this.#before.recordOf(id), this.#now.recordOf(id)];
    const changes = ownChanges(before, now, this.#oneSided);
    const inputs = this.#inputsOf(pair);
    const keys = this.#keys(id);
    const compared = (state: NodeDifference['state'], causes: readonly Found[]): Compared => ({
      causes,
      difference: { id, state, keys, changes, inputs },
    });
    if (!a || !b) {
      const causes = this.#whyUnmade(pair, a, b);
      return causes.length > 0 ? compared('differs', causes) : nothing;
    }
    if (sameOutputs(a.outputs, b.outputs)) {
      return a.key === b.key && changes.length === 0 ? nothing : compared('same outputs', []);
    }
    return compared('differs', this.#whyOther(pair, [a, b], changes, inputs));
  }

  /** Of a node that both runs made, to other outputs. */
  #whyOther(pair: Pair, [a, b]: [ActionRecord, ActionRecord], changes: Change[], inputs: InputDifference[]): Found[] {
    if (a.key === b.key) {
      const why = explain([this.#before.lineage, this.#now.lineage], [a, b]);
      return [this.#causes.irreproducible(pair.id, why)];
    }
    const own = changes.map((change) => this.#causes.changed(pair.now, change));
    const found = [...own, ...inputs.flatMap(({ node }) => this.causesOf(node))];
    if (found.length > 0) return found;
    // What no plan declares, such as why an input was skipped, is in the actions alone.
    return changesBetween(a.action, b.action).map((change) => this.#causes.changed(pair.now, change));
  }

  /** Of a node that one of the runs, or both, did without. */
  #whyUnmade({ id, before, now }: Pair, a: ActionRecord | undefined, b: ActionRecord | undefined): Found[] {
    const [old, fresh] = [this.#before.skippedOf(id), this.#now.skippedOf(id)];
    if (!a && !b && old === fresh) return [];
    const needs = [...new Set([...dependenciesOf(before), ...dependenciesOf(now)])];
    const unmade = needs.filter((need) => !this.#before.recordOf(need) || !this.#now.recordOf(need));
    const upstream = unmade.flatMap((need) => this.causesOf(need));
    if (upstream.length > 0) return upstream;
    const skipped = { ...(old !== undefined && { before: old }), ...(fresh !== undefined && { now: fresh }) };
    if (old !== undefined || fresh !== undefined) return [this.#causes.skipped(id, skipped)];
    return [this.#causes.unmade(id, a ? 'now' : 'before')];
  }

  #inputsOf({ before, now }: Pair): InputDifference[] {
    return refsIn(before.params, now.params).flatMap((ref) => {
      const [old, fresh] = [this.#before.outputOf(ref), this.#now.outputOf(ref)];
      if (old === fresh) return [];
      const digests = { ...(old && { before: old }), ...(fresh && { now: fresh }) };
      return [{ node: ref.$node, output: ref.$output, ...digests }];
    });
  }

  #keys(id: string): NodeDifference['keys'] {
    const [before, now] = [this.#before.keyOf(id), this.#now.keyOf(id)];
    return { ...(before && { before }), ...(now && { now }) };
  }
}
