import { type Action, type ActionKey, type ActionRecord, sameOutputs } from './action.ts';
import { artifactRefsIn } from './artifact.ts';
import { canonicalJson } from './canonical.ts';
import type { Digest } from './digest.ts';
import type { Json, JsonObject } from './errors.ts';

/** A piece of finished work that was done again under other code, and came out the same to the last bit. */
export interface AdoptedPiece {
  /** What it is to people: `teacher`, `synthetic[m=1]#3`, `teacher, steps 100 to 200`. */
  readonly name: string;
  /** Of the action under the new code. */
  readonly key: ActionKey;
  /** The key that its work was done under. It stays the same however often the work is adopted. */
  readonly work: ActionKey;
  readonly verdict: 'same';
  readonly seconds: number;
}

/** What was proven of one stage kind. */
export interface AdoptedKind {
  /** Code digests: what the actions were done with, or adopted to before, and what they count under now. */
  readonly before: Digest;
  readonly now: Digest;
  /** How many actions were adopted, parts among them. */
  readonly actions: number;
  readonly replayed: readonly AdoptedPiece[];
}

/**
 * Why results of old code count under new code: the file of an artifact of type `adoption`. Random pieces of the work were done
 * again under the new code, and all were bit-identical.
 */
export interface AdoptionStatement {
  readonly format: 1;
  /** The run whose actions were adopted. */
  readonly run: string;
  readonly by: { readonly host: string; readonly user: string };
  /** ISO 8601 with +00:00. */
  readonly at: string;
  /** Full hash of the commit of the new code; absent where it lay in no git repository. */
  readonly commit?: string;
  /** Of the choice of pieces. */
  readonly seed: number;
  readonly kinds: { readonly [kind: string]: AdoptedKind };
}

export const adoptionFile = 'adoption.json';

/** The code that did the work, whatever code it counts under. */
export const codeOfWork = ({ action, adopted }: ActionRecord): Digest => (adopted?.action ?? action).code;

/** The key that the work was done under: its checkpoints lie there. */
export const keyOfWork = ({ key, adopted }: ActionRecord): ActionKey => adopted?.key ?? key;

/** A store that has all records of a key. */
interface Listing {
  listRecords(key: ActionKey): Promise<ActionRecord[]>;
}

/**
 * All records of the same work: under its key, under the key that it was adopted from, and under keys that these records were
 * adopted from in turn.
 *
 * @param seen keys whose records are left out; those that were listed are added
 */
export const recordsOfWork = async (
  record: ActionRecord,
  store: Listing,
  seen = new Set<ActionKey>(),
): Promise<ActionRecord[]> => {
  const found: ActionRecord[] = [];
  for (const key of [record.key, keyOfWork(record)]) {
    if (seen.has(key)) continue;
    seen.add(key);
    for (const other of await store.listRecords(key)) found.push(other, ...(await recordsOfWork(other, store, seen)));
  }
  return found;
};

/** Records of the same work with other outputs. */
export const otherResults = async (record: ActionRecord, store: Listing): Promise<ActionRecord[]> =>
  (await recordsOfWork(record, store)).filter(({ outputs }) => !sameOutputs(outputs, record.outputs));

/**
 * What shows that two actions are different work, so that one cannot take the other's result: `another seed`. Undefined if
 * nothing does. Newer code may add and drop parameters: those that both have must be equal.
 */
export const differentWork = (now: Action, done: Action): string | undefined => {
  if (now.kind !== done.kind) return 'another stage kind';
  if (now.seed !== done.seed) return 'another seed';
  if (canonicalJson(now.params.content ?? null) !== canonicalJson(done.params.content ?? null))
    return 'other files in its folder';
  if (inputsOf(now) !== inputsOf(done)) return 'other inputs';
  const path = differingPath(now.params, done.params);
  return path === undefined ? undefined : `another value of ${path}`;
};

const inputsOf = ({ params }: Action): string => canonicalJson(artifactRefsIn(params) as unknown as JsonObject[]);

/** The first place, such as `network.base` or `rows.0.label`, where both have a value and the two values differ. */
const differingPath = (a: JsonObject, b: JsonObject): string | undefined => {
  for (const name of Object.keys(a).filter((each) => Object.hasOwn(b, each))) {
    const [left, right] = [entriesOf(a[name] as Json), entriesOf(b[name] as Json)];
    if (left && right) {
      const inner = differingPath(left, right);
      if (inner !== undefined) return `${name}.${inner}`;
    } else if (canonicalJson(a[name] as Json) !== canonicalJson(b[name] as Json)) return name;
  }
  return undefined;
};

/** A list has its length among its entries: longer or shorter is another value. */
const entriesOf = (value: Json): JsonObject | undefined => {
  if (Array.isArray(value)) return { ...Object.fromEntries(value.entries()), length: value.length };
  return typeof value === 'object' && value !== null ? value : undefined;
};
