import { afterAll, expect, test } from 'vitest';
import { faults } from './faults/index.ts';
import { Session } from './session.ts';

/**
 * The short form of `npm run faults`: real services, workers and commands, each fault once or twice, at other moments than
 * a full session's first ones.
 */
const short: { readonly [name: string]: number } = {
  worker: 2,
  temporal: 1,
  minio: 1,
  everything: 1,
  cancel: 1,
  store: 2,
};

const session = new Session({ seed: 2 });
afterAll(() => session.close());

test.each(faults.filter(({ name }) => name in short))(
  '$harm: nothing is lost',
  async (fault) => {
    const { trials } = await session.run(fault, 3, short[fault.name]);
    for (const { checks, happened, said } of trials)
      expect(
        Object.entries(checks).filter(([, held]) => !held),
        `${happened}\n${said ?? ''}`,
      ).toEqual([]);
    expect(trials).toHaveLength(short[fault.name] as number);
  },
  600_000,
);
