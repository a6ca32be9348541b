import { type ActionKey, type ActionRecord, sameOutputs } from './action.ts';
import type { Digest } from './digest.ts';

/** A piece of finished work that was done again under other code, and came out the same to the last bit. */
export interface AdoptedPiece {
  /** What it is to people: `teacher`, `synthetic[m=1]#3`, `teacher, steps 100 to 200`. */
  readonly name: string;
  /** Of the action under the new code. */
  readonly key: ActionKey;
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

/**
 * Records of the same work with other outputs: under its own key, and for adopted work under the one that it was done under.
 *
 * @param store has all records of a key
 */
export const otherResults = async (
  record: ActionRecord,
  store: { listRecords(key: ActionKey): Promise<ActionRecord[]> },
): Promise<ActionRecord[]> => {
  const keys = [...new Set([record.key, keyOfWork(record)])];
  const done = await Promise.all(keys.map((key) => store.listRecords(key)));
  return done.flat().filter(({ outputs }) => !sameOutputs(outputs, record.outputs));
};
