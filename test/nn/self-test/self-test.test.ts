import { expect, it } from 'vitest';
import { runSelfTests } from '../../../nn/self-test/index.ts';
import { tf } from '../../../nn/tf.ts';

it('the self-test trains both networks: compiled as eager, twice the same bits, and leaves no tensors', () => {
  const before = tf.memory().numTensors;
  let timed = 0;
  const results = runSelfTests({
    timedMs: 1,
    onTimed: () => {
      timed++;
    },
  });
  expect(results.map(({ network }) => network)).toEqual(['UNet', 'recognizer']);
  for (const { compileSeconds, stepsPerSecond, eagerDifference, repeatable } of results) {
    expect(repeatable).toBe(true);
    expect(eagerDifference).toBeLessThan(1e-5);
    expect(compileSeconds).toBeGreaterThan(0);
    expect(stepsPerSecond).toBeGreaterThan(0);
  }
  expect(timed).toBe(2);
  expect(tf.memory().numTensors).toBe(before);
});
