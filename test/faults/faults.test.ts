import { afterAll, expect, test } from 'vitest';
import { faults } from './faults/index.ts';
import { Session } from './session.ts';

/** The short form of `npm run faults`: real services, workers and commands. Indices of trials. The other harms, and all trials, are in the long form. */
const short = new Map<string, readonly number[]>([
  ['worker', [3]],
  ['store', [3]],
]);

const session = new Session({ seed: 2 });
afterAll(() => session.close());

test.each(faults.filter(({ name }) => short.has(name)))(
  '$harm: nothing is lost',
  async (fault) => {
    const indices = short.get(fault.name) ?? [];
    const { trials } = await session.run(fault, indices);
    for (const { checks, happened, said } of trials)
      expect(
        Object.keys(checks).filter((promise) => !checks[promise]),
        `${happened}\n${said ?? ''}`,
      ).toEqual([]);
    expect(trials).toHaveLength(indices.length);
  },
  1_200_000,
);
