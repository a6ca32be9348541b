import { expect, it } from 'vitest';
import type { ActionRecord } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { RunEstimates } from '../../core/run-record.ts';
import { costsByKind, costsTable } from '../../provenance/publish/costs.ts';
import { recordOf } from '../helpers/record.ts';
import { node } from '../workflows/harness.ts';

/** A record whose attempts took so many seconds each. */
const recordFor = (id: string, seconds: readonly number[], more: Partial<ActionRecord> = {}): ActionRecord =>
  recordOf(
    { kind: 'k', params: { id }, seed: 1, code: digestOf('code') },
    {},
    {
      attempts: seconds.map((each, i) => ({
        ...{ attempt: i + 1, host: 'h', pid: 1, end: 'done', warnings: [] },
        startedAt: '2026-01-01T00:00:00.000+00:00',
        endedAt: new Date(Date.UTC(2026, 0, 1) + 1000 * each).toISOString(),
      })),
      ...more,
    },
  );

const lineageOf = (
  made: readonly (readonly [PlanNode, ActionRecord])[],
  estimates?: RunEstimates,
  shards: readonly ActionRecord[] = [],
): Lineage => {
  const nodes = Object.fromEntries(made.map(([{ id }, { key }]) => [id, { key }]));
  const plan = { experiment: 'e', nodes: made.map(([each]) => each) };
  const records = new Map([...made.map(([, record]) => record), ...shards].map((record) => [record.key, record]));
  return {
    run: { id: 'r', experiment: 'e', plan, nodes, estimates },
    records,
    digests: new Map(),
  } as unknown as Lineage;
};

const shards = [recordFor('s1', [100]), recordFor('s2', [20, 30])];
const sharded = recordFor('s', [1], { parts: shards.map(({ key }) => key) });
const train = recordFor('t', [10, 7.5]);
const made = [
  [node('one', 'a/train'), train],
  [node('twin', 'a/train'), train],
  [node('other', 'a/train'), recordFor('o', [2])],
  [node('set', 'a/generate'), sharded],
  [node('hit', 'a/generate'), recordFor('h', [1000])],
] as const;
const estimates: RunEstimates = {
  one: { seconds: 20, by: '5 records, H200' },
  twin: { seconds: 20, by: '5 records, H200' },
  other: { seconds: 4, by: 'probe, H200' },
  set: { seconds: 100, by: 'probe, H200' },
  never: { seconds: 1, by: 'nominal' },
};

it('what was spent on estimated actions stands beside what was expected, each action once, with shards and lost attempts', () => {
  expect(costsByKind(lineageOf(made, estimates, shards))).toEqual([
    { kind: 'a/train', actions: 2, spentSeconds: 19.5, expectedSeconds: 24, by: ['5 records, H200', 'probe, H200'] },
    { kind: 'a/generate', actions: 1, spentSeconds: 151, expectedSeconds: 100, by: ['probe, H200'] },
  ]);
});

it('the page has a row for each kind, and nothing for a run without estimates', () => {
  const { markup } = costsTable(lineageOf(made, estimates, shards));
  expect(markup).toContain(
    '<th scope="row">a/train</th><td class="n">2</td><td class="n">20 s</td><td class="n">24 s</td><td>5 records, H200; probe, H200</td>',
  );
  expect(costsTable(lineageOf(made)).markup).toBe('');
});
