import { CemiflowError } from '../core/errors.ts';
import { kindOf } from './fsck.ts';
import { Marks } from './marks.ts';
import type { Described } from './objects.ts';
import type { Store } from './store.ts';

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

/** What one run, or the pins together, keep in the store. */
export interface Keeping extends Amount {
  readonly name: string;
  /** What nothing else in the list keeps: what its removal, and then `gc`, would free. */
  readonly alone: Amount;
  /** Why its sizes are not known: it is damaged, or lacks something. */
  readonly unreadable?: string;
}

export interface Usage {
  readonly total: Amount;
  /** By what the objects are: `blob`, `artifact`, `record`, … */
  readonly kinds: { readonly [kind: string]: Amount };
  readonly keepings: readonly Keeping[];
}

/** How full the store is, and what keeps it so: finished runs and pins. What other runs need follows when they are done. */
export const usage = async (store: Store): Promise<Usage> => {
  const objects = await store.objects.describe('');
  const reached: { name: string; marks?: Marks; unreadable?: string }[] = [];
  for (const run of await store.listRuns())
    if (run.root) reached.push({ name: run.id, ...(await reachedBy(store, (marks) => marks.run(run))) });
  for (const { ref, name } of await store.pins.list())
    reached.push({
      name: `pin ${name}`,
      ...(await reachedBy(store, (marks) =>
        ref.type === 'run' ? marks.root(ref, name) : marks.artifacts([ref], name),
      )),
    });
  const users = new Map(objects.map(({ key }) => [key, reached.filter(({ marks }) => marks?.has(key)).length]));
  return {
    total: amountOf(objects),
    kinds: byKind(objects),
    keepings: reached.map(({ name, marks, unreadable }) => {
      const own = objects.filter(({ key }) => marks?.has(key));
      const alone = amountOf(own.filter(({ key }) => users.get(key) === 1));
      return { name, ...amountOf(own), alone, ...(unreadable && { unreadable }) };
    }),
  };
};

const reachedBy = async (
  store: Store,
  mark: (marks: Marks) => Promise<void>,
): Promise<{ marks?: Marks; unreadable?: string }> => {
  const marks = new Marks(store);
  try {
    await mark(marks);
    return { marks };
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.code !== 'MarksIncomplete') throw error;
    return { unreadable: error.message };
  }
};

const byKind = (objects: readonly Described[]): { [kind: string]: Amount } => {
  const kinds = [...new Set(objects.map(({ key }) => kindOf(key)))].sort();
  return Object.fromEntries(kinds.map((kind) => [kind, amountOf(objects.filter(({ key }) => kindOf(key) === kind))]));
};

export const amountOf = (objects: readonly Described[]): Amount => ({
  objects: objects.length,
  bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
});
