import { describe, expect, it } from 'vitest';
import type { Benchmark, Context, Side } from '../../bench/benchmark.ts';
import { countedPeer, measure } from '../../bench/measure.ts';
import { markdown, textTable, verdict } from '../../bench/table.ts';

const context: Context = { env: {}, folder: '/none', note: () => {} };

/** A side that takes the given seconds in turn, and tells what is done to it. */
const sideOf = (name: string, seconds: readonly number[], told: string[] = [], more: Partial<Side> = {}): Side => {
  const left = [...seconds];
  return {
    name,
    prepare: async () => void told.push(`${name} prepare`),
    run: async () => {
      told.push(`${name} run`);
      const next = left.shift();
      if (next === undefined) throw new Error(`${name} has had enough`);
      return next;
    },
    close: async () => void told.push(`${name} close`),
    ...more,
  };
};

const benchmarkOf = (ours: Side, peers: Side[], more: Partial<Benchmark> = {}): Benchmark => ({
  name: 'test/one',
  work: 'nothing at all',
  rounds: 2,
  sides: async () => ({ ours, peers }),
  ...more,
});

describe('measuring', () => {
  it('prepares all, warms all up, alternates in swapped order, and closes all', async () => {
    const told: string[] = [];
    await measure(benchmarkOf(sideOf('a', [9, 1, 1], told), [sideOf('b', [9, 2, 2], told)]), context);
    expect(told).toEqual([
      ...['a prepare', 'b prepare', 'a run', 'b run'],
      ...['a run', 'b run', 'b run', 'a run', 'a close', 'b close'],
    ]);
  });

  it('keeps every single time but the first, with the load at each', async () => {
    const { ours, peers } = await measure(benchmarkOf(sideOf('a', [99, 1, 3]), [sideOf('b', [99, 4, 8])]), context);
    expect(ours.repetitions.map(({ seconds }) => seconds)).toEqual([1, 3]);
    expect(ours.repetitions.every(({ load }) => load >= 0)).toBe(true);
    expect(ours.ratio).toBeUndefined();
    expect(peers[0]).toMatchObject({ spread: { median: 6 }, ratio: { ofMedians: 3 } });
  });

  it('reports a side that fails, goes on with the rest, and does not call the target reached', async () => {
    const told: string[] = [];
    const sides = [sideOf('breaks', [1, 1], told), sideOf('sound', [5, 5, 5], told)];
    const result = await measure(benchmarkOf(sideOf('a', [1, 1, 1]), sides, { target: 2 }), context);
    expect(result.peers[0]).toMatchObject({ error: 'breaks has had enough', ratio: undefined });
    expect(result.peers[1]?.ratio?.ofMedians).toBe(5);
    expect(result.reached).toBeUndefined();
    expect(told).toEqual(expect.arrayContaining(['breaks close', 'sound close']));
    expect(textTable([result])).toContain('failed: breaks has had enough');
    expect(verdict(result)).toContain('not measured');
  });

  it('closes every side where one cannot be closed', async () => {
    const told: string[] = [];
    const close = () => Promise.reject(new Error('stuck'));
    await measure(benchmarkOf(sideOf('a', [1, 1, 1], told, { close }), [sideOf('b', [1, 1, 1], told)]), context);
    expect(told).toContain('b close');
  });

  it('counts every peer, the fastest or the slowest', async () => {
    const peers = (): Side[] => [sideOf('b', [4, 4, 4]), sideOf('c', [1, 1, 1])];
    const run = async (against: 'each' | 'fastest' | 'slowest') => {
      const result = await measure(benchmarkOf(sideOf('a', [2, 2, 2]), peers(), { target: 1.5, against }), context);
      return [countedPeer(result)?.name, countedPeer(result)?.ratio, result.reached];
    };
    expect(await run('each')).toEqual(['c', 0.5, false]);
    expect(await run('fastest')).toEqual(['c', 0.5, false]);
    expect(await run('slowest')).toEqual(['b', 2, true]);
  });

  it('compares with the fastest of the peers that work, and names it', async () => {
    const peers = [sideOf('breaks', []), sideOf('slow', [9, 9, 9]), sideOf('fast', [4, 4, 4])];
    const result = await measure(
      benchmarkOf(sideOf('a', [2, 2, 2]), peers, { target: 1.5, against: 'fastest' }),
      context,
    );
    expect(countedPeer(result)).toEqual({ name: 'fast', ratio: 2 });
    expect(result.reached).toBe(true);
    expect(textTable([result])).toContain('failed: breaks has had enough');
    expect(verdict(result)).toBe('test/one: ratio 2.00, ≥ 1.5 of the fastest (fast): reached');
  });

  it('leaves a target open where no peer works', async () => {
    const result = await measure(
      benchmarkOf(sideOf('a', [2, 2, 2]), [sideOf('breaks', [])], { target: 1.5, against: 'fastest' }),
      context,
    );
    expect(countedPeer(result)).toBeUndefined();
    expect(verdict(result)).toBe('test/one: ≥ 1.5 of the fastest: not measured');
  });

  it('compares work without a peer with seconds', async () => {
    const run = (targetSeconds: number) => measure(benchmarkOf(sideOf('a', [9, 2, 4]), [], { targetSeconds }), context);
    expect((await run(3)).reached).toBe(true);
    expect((await run(2.9)).reached).toBe(false);
  });

  it('asks for memory and facts before it closes', async () => {
    let open = true;
    const side = sideOf('a', [1, 1, 1], [], {
      peakMemory: async () => (open ? 3 * 2 ** 20 : undefined),
      facts: () => ({ open }),
      close: async () => {
        open = false;
      },
    });
    const result = await measure(benchmarkOf(side, []), context);
    expect(result.ours).toMatchObject({ peakMemoryBytes: 3 * 2 ** 20, facts: { open: true } });
  });
});

describe('the tables', () => {
  it('say each side, its ratio and whether the target was reached', async () => {
    const peers = [sideOf('theirs', [1, 0.03, 0.05])];
    const result = await measure(benchmarkOf(sideOf('ours', [1, 0.02, 0.02]), peers, { target: 1.2 }), context);
    const machine = { cpu: 'Z80', cores: 1, memoryBytes: 2 ** 30, os: 'CP/M', node: 'v20', tensorflow: '2.21.0' };
    const page = markdown([result], machine);
    expect(page).toContain('Z80, 1 cores, 1 GiB');
    expect(page).toContain('| test/one | ours | 20.0 ms |');
    expect(page).toMatch(/\| theirs \| 40\.0 ms \|.*\| 2\.00 \| 2\.00 \|/);
    expect(page).toContain('≥ 1.2: reached');
  });
});
