import { expect, test } from 'vitest';
import { type Action, actionKey } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { createBookkeeping } from '../../engine/bookkeeping.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const actionOf = (i: number): Action => ({ kind: 'test/kind', params: { i }, seed: 7, code: digestOf('code') });

test('what hits were made of is written down as the latest of their nodes, where it is new', async () => {
  const store = memoryStore();
  const actions = [0, 1, 2].map(actionOf);
  const nodes = actions.map((action, i) => ({ nodeId: `n${i}`, key: actionKey(action) }));
  const [made, known, missing] = actions as [Action, Action, Action];
  for (const action of [made, known]) await store.putRecord(recordOf(action, {}));
  await store.putLatest('e', 'n0', { key: actionKey(actionOf(9)), action: actionOf(9) });
  await store.putLatest('e', 'n1', { key: actionKey(known), action: known });
  await store.putLatest('e', 'n2', { key: actionKey(actionOf(9)), action: actionOf(9) });
  const written: string[] = [];
  const put = store.objects.put.bind(store.objects);
  store.objects.put = async (key, ...rest) => {
    written.push(key);
    return put(key, ...rest);
  };
  const { lookupActions } = createBookkeeping(store);
  const question = { keys: nodes.map(({ key }) => key), experiment: 'e', nodes };
  const found = await lookupActions(question);
  expect(Object.keys(found).sort()).toEqual([made, known].map(actionKey).sort());
  expect(written).toEqual(['nodes/e/n0/latest']);
  expect((await store.getLatest('e', 'n0'))?.action).toEqual(made);
  expect((await store.getLatest('e', 'n2'))?.action).not.toEqual(missing);
  expect(await lookupActions({ keys: question.keys })).toEqual(found);
  expect(written).toHaveLength(1);
});
