import { describe, expect, it } from 'vitest';
import { stateArrays } from '../../nn/compile/arrays.ts';
import type { Step } from '../../nn/compile/index.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { MeanLog } from '../../training/log.ts';
import { bestOf, type Validation, Validator } from '../../training/validation.ts';

/** A step whose weight is the number of the step. */
const stepAt = (done: number): Step => ({
  run: () => ({}),
  stateNames: ['w.a', 'sgd.a'],
  readState: (wanted = () => true) =>
    Object.fromEntries(['w.a', 'sgd.a'].filter(wanted).map((name) => [name, tf.tensor1d([done])])),
  dispose: () => {},
});

const wanted = (name: string): boolean => name === 'w.a';

/** Judges steps by values given in order. */
const judging = (keep: Validation['keep'], values: readonly number[]): Validation => ({
  keep,
  due: (done) => done <= values.length,
  judge: async (state, done) => {
    expect(Object.keys(state)).toEqual(['w.a']);
    expect(state['w.a']?.dataSync()[0]).toBe(done);
    return values[done - 1] as number;
  },
});

const judged = async (validator: Validator, from: number, to: number): Promise<number | undefined> => {
  for (let done = from; done <= to; done++) await validator.judge(stepAt(done), done, wanted);
  const { chosen } = validator;
  return chosen && ((chosen as Tensors)['w.a']?.dataSync()[0] as number);
};

describe('the choice of a state', () => {
  it('is the first of the best', async () => {
    const values = [0.5, 0.9, 0.7, 0.9, 0.8];
    const log = new MeanLog(1);
    expect(await judged(new Validator(judging('best', values), log, {}, 0.1), 1, 5)).toBe(2);
    expect(log.series.validation).toEqual({ steps: [1, 2, 3, 4, 5], values });
    expect(bestOf(log.series)).toEqual({ step: 2, value: 0.9 });
    expect(bestOf({})).toBeUndefined();
  });

  it('is left to the training where the last is kept', async () => {
    const validator = new Validator(judging('last', [0.9, 0.5]), new MeanLog(1), {}, 0.1);
    await judged(validator, 1, 2);
    expect(validator.chosen).toBeUndefined();
    expect(validator.arrays).toEqual({});
  });

  it('goes on from a checkpoint: log and best so far', async () => {
    for (const values of [
      [0.9, 0.5, 0.9, 0.8],
      [0.5, 0.8, 0.7, 0.9],
    ]) {
      const [one, log] = [judging('best', values), new MeanLog(1)];
      const whole = await judged(new Validator(one, new MeanLog(1), {}, 0.1), 1, 4);
      const first = new Validator(one, log, {}, 0.1);
      await judged(first, 1, 2);
      const arrays = { ...stateArrays(stepAt(2), () => true), ...first.arrays };
      const second = new Validator(one, new MeanLog(1, log.state), arrays, 0.1);
      expect(await judged(second, 3, 4)).toBe(whole);
    }
  });

  it('gives a checkpoint arrays of its own', async () => {
    const validator = new Validator(judging('best', [0.5]), new MeanLog(1), {}, 0.1);
    await judged(validator, 1, 1);
    validator.arrays['best.w.a']?.data.fill(7);
    expect(Array.from(validator.arrays['best.w.a']?.data ?? [])).toEqual([1]);
  });

  it('is not made among states that are not finite', async () => {
    const validator = new Validator(judging('best', [0.5]), new MeanLog(1), {}, 0.1);
    await expect(validator.judge(stepAt(Number.NaN), 1, wanted)).rejects.toMatchObject({ code: 'Diverged' });
  });
});
