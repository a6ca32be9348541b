import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../core/action.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { PlanNode } from '../../core/plan.ts';
import { withTimes } from '../../provenance/publish/times.ts';
import { machinesMark, tookMark } from '../../report/took.ts';
import { recordOf } from '../helpers/record.ts';
import { node } from '../workflows/harness.ts';

interface Made {
  readonly id: string;
  readonly seconds: number;
  /** Seconds after midnight. */
  readonly from: number;
  readonly more?: Partial<ActionRecord>;
  readonly shards?: readonly Omit<Made, 'shards'>[];
}

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + 1000 * seconds).toISOString();

const recordFor = ({ id, seconds, from, more = {} }: Omit<Made, 'shards'>): ActionRecord =>
  recordOf(
    { kind: 'test/made', params: { id }, seed: 1, code: digestOf('code') },
    { out: { type: 'weights', digest: digestOf(id) } },
    {
      ...{ startedAt: at(from), endedAt: at(from + seconds) },
      spent: { wallSeconds: seconds, cpuSeconds: 1, peakMemoryBytes: 1 },
      ...more,
    },
  );

/** A run whose report takes what these made, one after another, as `methods.rows.0.cost.training.N`. */
const lineageOf = (made: readonly Made[]): Lineage => {
  const records = new Map<Digest, ActionRecord>();
  const nodes: PlanNode[] = [];
  const keys: { [id: string]: { key: Digest } } = {};
  const add = (id: string, params: JsonObject, record: ActionRecord): void => {
    records.set(record.key, record);
    nodes.push(node(id, 'test/made', params));
    keys[id] = { key: record.key };
  };
  for (const each of made) {
    const shards = (each.shards ?? []).map(recordFor);
    for (const shard of shards) records.set(shard.key, shard);
    add(each.id, {}, { ...recordFor(each), ...(shards.length > 0 && { parts: shards.map(({ key }) => key) }) });
  }
  const training = made.map(({ id }) => ({ $node: id, $output: 'out' }));
  const params = { methods: { rows: [{ cost: { training } }] } };
  const report = recordFor({ id: 'report', seconds: 1, from: 9000 });
  add('report', params, { ...report, outputs: { report: { type: 'report', digest: digestOf('page') } } });
  const run = { id: 'r', experiment: 'e', plan: { experiment: 'e', nodes }, nodes: keys };
  return { run, records, digests: new Map() } as unknown as Lineage;
};

const place = (n: number): string => `methods.rows.0.cost.training.${n}`;
const timeOf = (made: readonly Made[], ...places: number[]): string =>
  withTimes(`<td>–${tookMark(places.map(place))}</td>`, lineageOf(made));
const noteOf = (made: readonly Made[]): string =>
  withTimes(machinesMark(made.map((_, n) => place(n))), lineageOf(made)).trim();

describe('the times of a published page', () => {
  it('are wall seconds added up, those of shards among them', () => {
    const made = [
      { id: 'teacher', seconds: 100.4, from: 0 },
      {
        ...{ id: 'images', seconds: 1, from: 200 },
        shards: [
          { id: 'images#1', seconds: 700, from: 200 },
          { id: 'images#2', seconds: 500.2, from: 1000 },
        ],
      },
    ];
    expect(timeOf(made, 0)).toBe('<td>100</td>');
    expect(timeOf(made, 1)).toBe('<td>1,201</td>');
    expect(timeOf(made, 0, 1)).toBe('<td>1,302</td>');
  });

  it('count what is named twice once, and keep tenths of short ones', () => {
    const made = [{ id: 'a', seconds: 4.26, from: 0 }];
    expect(timeOf(made, 0, 0)).toBe('<td>4.3</td>');
  });

  it('stay a dash where nothing of it was made', () => {
    expect(timeOf([], 0)).toBe('<td>–</td>');
  });

  it('leave text without places as it is', () => {
    expect(withTimes('<td>–</td> &lt;!--took a--&gt;', lineageOf([]))).toBe('<td>–</td> &lt;!--took a--&gt;');
  });
});

describe('the machines that times were measured on', () => {
  const gpu = { machine: { ...recordFor({ id: 'x', seconds: 1, from: 0 }).machine, host: 'other', cpu: '<cpu>' } };

  it('are named with the number of actions, as text', () => {
    const note = noteOf([
      { id: 'a', seconds: 10, from: 0 },
      { id: 'b', seconds: 10, from: 20, more: gpu },
      { id: 'c', seconds: 10, from: 40 },
    ]);
    expect(note).toBe(
      'Measured on cpu with 2 cores (2 actions); &lt;cpu&gt; with 2 cores (1 action). None of them ran beside another action of this run on its machine.',
    );
  });

  it('say how many actions ran beside others on one machine', () => {
    const beside = [
      { id: 'a', seconds: 10, from: 0 },
      { id: 'b', seconds: 10, from: 5 },
      { id: 'c', seconds: 10, from: 15 },
    ];
    expect(noteOf(beside)).toContain('Of the 3 actions, 2 ran beside others of this run on the same machine');
    const apart = [beside[0] as Made, { ...(beside[1] as Made), more: gpu }];
    expect(noteOf(apart)).toContain('None of them ran beside');
  });

  it('do not count a sharded stage and its own shards as side by side', () => {
    const shards = [{ id: 's#1', seconds: 10, from: 0 }];
    expect(noteOf([{ id: 's', seconds: 12, from: 0, shards }])).toContain('None of them ran beside');
  });

  it('say what was interrupted, since only its last attempt is counted', () => {
    const attempts = [{ end: 'lost' }, { end: 'done' }] as unknown as ActionRecord['attempts'];
    expect(noteOf([{ id: 'a', seconds: 1, from: 0, more: { attempts } }])).toMatch(
      /Interrupted, so that more time was spent than is counted: a\.$/,
    );
  });
});
