import { type Mutant, mutantsOf } from '../mutant.ts';

/** In which order work is done, and by whom. */
export const orderMutants: readonly Mutant[] = [
  ...mutantsOf(
    'core/dag.ts',
    ['test/core/dag.test.ts', 'test/workflows/schedule.test.ts'],
    [
      {
        name: 'order/no-way',
        find: '(ways.get(id) ?? 1) + 1',
        replace: 'ways.get(id) ?? 1',
        breaks: 'every stage counts as the last',
      },
    ],
  ),
  ...mutantsOf(
    'workflows/schedule.ts',
    ['test/workflows/schedule.test.ts'],
    [
      {
        name: 'order/reversed',
        find: 'longest - (ways.get(id) ?? 1)',
        replace: '(ways.get(id) ?? 1) - 1',
        breaks: 'what others wait for is done last',
      },
      {
        name: 'order/last-of-equals',
        find: 'priority < (next?.priority ?? levels + 1)',
        replace: 'priority <= (next?.priority ?? levels + 1)',
        breaks: 'of stages with the same priority the last is started',
      },
    ],
  ),
  ...mutantsOf(
    'engine/slots.ts',
    ['test/engine/slots.test.ts'],
    [
      {
        name: 'slots/no-patience',
        find: 'if (wasLong) setTimeout(give, pauseMs);\n      else give();',
        replace: 'give();',
        breaks: 'a worker takes what waited before it can see what its work made ready',
      },
      {
        name: 'slots/always-patient',
        find: 'performance.now() - usedAtMs >= longMs',
        replace: 'performance.now() - usedAtMs >= 0',
        breaks: 'each of thousands of short stages is followed by a pause',
      },
      {
        name: 'slots/too-many',
        find: 'if (next) next();\n    else free++;',
        replace: 'free++;\n    next?.();',
        breaks: 'a slot is given to who waits and counted as free too',
      },
    ],
  ),
  ...mutantsOf(
    'nn/device/flags.ts',
    ['test/nn/device/device.test.ts'],
    [
      {
        name: 'order/all-cores',
        find: 'Math.max(1, Math.floor(cores / 2))',
        replace: 'cores',
        breaks: 'two workers have threads for twice as many cores as there are',
      },
    ],
  ),
];
