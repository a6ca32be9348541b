import { type ActionRecord, sameOutputs } from '../../core/action.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { Json } from '../../core/errors.ts';
import { type Lineage, shardsOf } from '../../core/lineage.ts';

/** One fact of two machines that may explain why one action gave two results. */
export interface MachineFact {
  /** `tensorflow.flags.intraOpThreads` */
  readonly name: string;
  readonly before?: Json;
  readonly now?: Json;
}

export interface Irreproducible {
  readonly facts: readonly MachineFact[];
  /** Of a sharded stage: the places of the shards that differ. */
  readonly parts: readonly number[];
}

/** What is known of an action that was done twice with other outputs. */
export const explain = (
  [before, now]: readonly [Lineage, Lineage],
  [a, b]: readonly [ActionRecord, ActionRecord],
): Irreproducible => {
  const [old, fresh] = [shardsOf(before, a), shardsOf(now, b)];
  const parts = fresh.flatMap((part, i) => {
    const other = old[i];
    return other && !sameOutputs(part.outputs, other.outputs) ? [i] : [];
  });
  // The parts were done where the work was; the whole only joins them.
  const pairs = parts.length > 0 ? parts.map((i) => [old[i], fresh[i]] as [ActionRecord, ActionRecord]) : [[a, b]];
  const facts = pairs.flatMap(([x, y]) => factsBetween(x as ActionRecord, y as ActionRecord));
  return { facts: [...new Map(facts.map((fact) => [canonicalJson(fact as unknown as Json), fact])).values()], parts };
};

/** `cpu: Xeon → EPYC` */
export const tellFact = ({ name, before, now }: MachineFact): string => `${name}: ${plain(before)} → ${plain(now)}`;

const factsBetween = (a: ActionRecord, b: ActionRecord): MachineFact[] => {
  const [old, fresh] = [flat(a.machine as unknown as Json), flat(b.machine as unknown as Json)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((name) => canonicalJson(old.get(name) ?? null) !== canonicalJson(fresh.get(name) ?? null))
    .map((name) => ({
      name,
      ...(old.has(name) && { before: old.get(name) as Json }),
      ...(fresh.has(name) && { now: fresh.get(name) as Json }),
    }));
};

const flat = (value: Json, path: readonly string[] = []): Map<string, Json> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? new Map(Object.entries(value).flatMap(([key, item]) => [...flat(item, [...path, key])]))
    : new Map([[path.join('.'), value]]);

const plain = (value: Json | undefined): string =>
  value === undefined ? '(none)' : typeof value === 'string' ? value : canonicalJson(value);
