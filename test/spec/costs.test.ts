import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { Costs } from '../../spec/costs.ts';
import { type Measurement, machinesIn, measurementOf, rateOf } from '../../spec/rates.ts';
import { recordOf } from '../helpers/record.ts';
import { node } from '../workflows/harness.ts';

const laptop = { name: 'laptop with 2 cores', device: 'cpu' } as const;
const gpu = { name: 'H200', device: 'gpu' } as const;
const day = (n: number): string => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000+00:00`;
/** @param rate multiplications a second */
const measured = (rate: number, more: Partial<Measurement> = {}): Measurement => ({
  ...{ kind: 'a/train', machine: laptop, host: 'here', multiplyAdds: 10 * rate, seconds: 10, endedAt: day(1) },
  ...more,
});
const train = { kind: 'a/train' };

describe('the rate of a kind', () => {
  it('is the median of its five latest measurements, two operations a multiplication', () => {
    const seven = [1, 2, 30, 4, 50, 6, 7].map((rate, i) => measured(rate, { endedAt: day(i + 1) }));
    // 30, 4, 50, 6, 7
    expect(rateOf(train, seven)).toEqual({ operationsPerSecond: 14, by: { from: 'records', count: 5 } });
    expect(rateOf(train, [measured(3), measured(5)])?.operationsPerSecond).toBe(8);
  });

  it('is that of its precision', () => {
    const both = [measured(3, { precision: 'float32' }), measured(9, { precision: 'bfloat16' })];
    expect(rateOf({ ...train, precision: 'bfloat16' }, both)?.operationsPerSecond).toBe(18);
  });

  it('is else what other kinds come to together on the machine', () => {
    const others = [measured(3, { kind: 'b' }), measured(9, { kind: 'c', multiplyAdds: 90, seconds: 90 })];
    expect(rateOf(train, others)).toEqual({ operationsPerSecond: 2.4, by: { from: 'other kinds', count: 2 } });
    expect(rateOf(train, [])).toBeUndefined();
  });

  it('says where it was probed', () => {
    expect(rateOf(train, [measured(3, { probed: true })])?.by).toEqual({ from: 'probe', count: 1 });
  });
});

describe('what a record measures', () => {
  const action = { kind: 'a/train', params: { precision: 'float32' }, seed: 1, code: digestOf('code') };
  const spent = (wallSeconds: number) => ({ wallSeconds, cpuSeconds: 1, peakMemoryBytes: 1 });
  const record = (seconds: number, more: Partial<ActionRecord> = {}): ActionRecord =>
    recordOf(action, {}, { spent: spent(seconds), ...more });
  const attempts = (fromStep: number): ActionRecord['attempts'] => [
    {
      attempt: 2,
      host: 'h',
      pid: 1,
      startedAt: day(1),
      endedAt: day(1),
      end: 'done',
      warnings: [],
      fromStep,
      toStep: 40,
    },
  ];

  it('is its work and seconds, on its kind of machine', () => {
    expect(measurementOf(record(7), [], 100)).toEqual({
      ...{ kind: 'a/train', precision: 'float32', machine: { name: 'cpu with 2 cores', device: 'cpu' }, host: 'host' },
      ...{ multiplyAdds: 100, seconds: 7, endedAt: '2026-01-01T00:00:01+00:00' },
    });
  });

  it('is the work after the checkpoint where it resumed from one', () => {
    expect(measurementOf(record(7, { attempts: attempts(10) }), [], 100)?.multiplyAdds).toBe(75);
  });

  it('has the seconds of its shards, which must all be there, and of one kind of machine', () => {
    const shards = [record(10), record(20)];
    const whole = record(1, { parts: [digestOf('1'), digestOf('2')] });
    expect(measurementOf(whole, shards, 100)?.seconds).toBe(31);
    expect(measurementOf(whole, shards.slice(1), 100)).toBeUndefined();
    const elsewhere = record(10, { machine: { ...record(1).machine, cores: 8 } });
    expect(measurementOf(whole, [record(10), elsewhere], 100)).toBeUndefined();
  });

  it('is nothing where there was no work or no time', () => {
    expect([measurementOf(record(1), [], 0), measurementOf(record(0), [], 1)]).toEqual([undefined, undefined]);
  });

  it('names the GPU where there was one', () => {
    const { machine } = record(1);
    const own = { name: 'H200', driver: '1', computeCapability: '9.0' };
    const tensorflow = { gpu: own } as ActionRecord['machine']['tensorflow'];
    expect(measurementOf(record(1, { machine: { ...machine, tensorflow } }), [], 1)?.machine).toEqual(gpu);
  });
});

it('machines of this host come first, then the one that was measured last', () => {
  const elsewhere = (name: string, n: number) =>
    measured(1, { machine: { ...laptop, name }, host: name, endedAt: day(n) });
  const all = [elsewhere('old', 2), elsewhere('new', 5), measured(1, { endedAt: day(1) }), elsewhere('old', 3)];
  expect(machinesIn(all, 'here').map(({ name }) => name)).toEqual([laptop.name, 'new', 'old']);
});

describe('costs', () => {
  const actions = [
    [node('train', 'a/train'), { work: 3600, missing: [] }],
    [node('eval', 'b/eval'), { work: 7200, missing: [] }],
    [node('draw', 'c/draw'), { work: 0, missing: [] }],
    [node('open', 'a/train'), { missing: ['images of faces'] }],
  ] as const;
  const fast = measured(100, { machine: gpu, host: 'there' });

  it('are times on the first machine, and say what they follow from', () => {
    const costs = new Costs({ tflops: 2e-12, host: 'here', measured: [measured(1), fast] });
    expect(actions.map(([at, estimate]) => costs.ofAction(at, estimate))).toEqual([
      { work: 3600, missing: [], gpuHours: 1, seconds: 3600, by: { from: 'records', count: 1 } },
      { work: 7200, missing: [], gpuHours: 2, seconds: 7200, by: { from: 'other kinds', count: 1 } },
      { work: 0, missing: [], gpuHours: 0, seconds: 0 },
      { missing: ['images of faces'] },
    ]);
  });

  it('are summed for each kind of machine', () => {
    const costs = new Costs({ tflops: 1, host: 'here', measured: [measured(1), fast] });
    expect(costs.byMachine(actions)).toEqual([
      { machine: laptop, hours: 3, by: { records: 1, 'other kinds': 1 } },
      { machine: gpu, hours: 0.03, by: { records: 1, 'other kinds': 1 } },
    ]);
  });

  it('are those of the device that is asked for, at the assumed rate where it was never measured', () => {
    const speeds = { tflops: 1e-12, host: 'here', measured: [measured(1)] };
    expect(new Costs({ ...speeds, device: 'gpu' }).byMachine(actions)).toEqual([{ hours: 6, by: { nominal: 2 } }]);
    const [, [at, estimate]] = actions;
    expect(new Costs({ ...speeds, device: 'gpu' }).ofAction(at, estimate).by).toEqual({ from: 'nominal', count: 0 });
  });
});
