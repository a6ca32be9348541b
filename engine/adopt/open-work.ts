import type { ActionRecord } from '../../core/action.ts';
import { otherResults } from '../../core/adoption.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Store } from '../../store/index.ts';
import type { Candidate, NodeCandidate } from './candidates.ts';
import { isStated, type Statements } from './lost.ts';
import { refused } from './refused.ts';

/**
 * Finished work that does not count under today's code yet: no result has today's key, or why it counts cannot be read any more.
 *
 * @throws CemiflowError `AdoptionRefused` where there are other results, or none
 */
export const openWork = async (
  candidates: readonly NodeCandidate[],
  store: Store,
  statements: Statements,
): Promise<{ readonly open: readonly NodeCandidate[]; readonly present: number }> => {
  const found = await store.lookupRecords(candidates.map(({ now }) => now.key));
  const open: NodeCandidate[] = [];
  for (const each of candidates) {
    const { made, old, now } = each;
    const other = found.get(now.key);
    for (const [name, ref] of Object.entries(other?.outputs ?? {}))
      if (old.outputs[name]?.digest !== ref.digest)
        throw refused(`${made.node.id} has other results under today's code already: ${name} is ${ref.digest}`, {
          node: made.node.id,
        });
    if (other && (await isStatedWhole(other, store, statements))) continue;
    // What is missing under a key that has not changed has lost its outputs.
    if (!other && !isMoved(each)) throw refused(`outputs of ${made.node.id} are missing from the store`);
    open.push(each);
  }
  await refuseDisputed(open, store);
  return { open, present: candidates.length - open.length };
};

/** Whether today's code gives it another key, or it must be adopted once more. */
export const isMoved = ({ old, now }: Candidate): boolean => old.key !== now.key;

const isStatedWhole = async (record: ActionRecord, store: Store, statements: Statements): Promise<boolean> => {
  const parts = await mapBounded(record.parts ?? [], lanes, (key) => store.getRecord(key));
  const stated = [record, ...parts].map((each) => each === undefined || isStated(each, statements));
  return (await Promise.all(stated)).every(Boolean);
};

/**
 * What came out in two ways must not count under a new key as if it had come out in one.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const refuseDisputed = async (
  candidates: readonly NodeCandidate[],
  store: Pick<Store, 'listRecords'>,
): Promise<void> => {
  const work = candidates.flatMap(({ made, old, now, parts }) =>
    [old, now, ...parts.map((part) => part.old)].map((record) => ({ node: made.node.id, record })),
  );
  await mapBounded(work, lanes, async ({ node, record }) => {
    const [other] = await otherResults(record, store);
    if (other) throw refused(`${node} was done more than once with other outputs`, { node, key: other.key });
  });
};
