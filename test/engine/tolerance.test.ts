import { expect, it } from 'vitest';
import { putTrainingLog } from '../../artifacts/training-log.ts';
import { compareOutputs, tolerance } from '../../engine/replay/tolerance.ts';
import { memoryStore } from '../helpers/memory-store.ts';

/** Logs of one training on two machines. */
const compared = async (loss: number, level: number) => {
  const [here, there] = [memoryStore(), memoryStore()];
  const log = (value: number, red: number) => ({
    series: { loss: { steps: [1], values: [value] } },
    pictures: [{ step: 1, height: 1, width: 2, pixels: Uint8Array.of(red, red, red, red, red, red) }],
  });
  const made = { log: await putTrainingLog(here, log(loss, level)) };
  return compareOutputs(made, { log: await putTrainingLog(there, log(1, 100)) }, here, there);
};

it('passes logs of other machines whose curves and pictures are near, and their event files with them', async () => {
  expect(await compared(1, 100)).toMatchObject({ verdict: 'within tolerance' });
  expect(await compared(1 + tolerance.number / 2, 100 + tolerance.pixels)).toMatchObject({
    verdict: 'within tolerance',
  });
});

it('passes no logs whose curves or pictures are not', async () => {
  expect(await compared(1 + 2 * tolerance.number, 100)).toMatchObject({ verdict: 'different' });
  expect(await compared(1, 101 + tolerance.pixels)).toMatchObject({
    verdict: 'different',
    why: expect.stringContaining('samples/step-00000001.png'),
  });
});
