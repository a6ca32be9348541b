import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StepFailed, StepRecord } from '../../../bench/gpu/record.ts';
import { speedTable } from '../../../bench/gpu/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('has every result in its file before the next step begins', async () => {
  const file = join(folder, 'gpu.json');
  const read = () => JSON.parse(readFileSync(file, 'utf8'));
  const record = new StepRecord(file, { device: 'gpu' });
  expect(read()).toMatchObject({ device: 'gpu', steps: [] });
  expect(await record.step('first', async () => ({ a: 1 }))).toEqual({ a: 1 });
  await record.step('second', async () => {
    expect(read().steps).toMatchObject([{ name: 'first', state: 'ok', found: { a: 1 } }]);
    throw new StepFailed('NoGpu', 'there is none', { remedy: 'get one', found: { gpus: [] } });
  });
  record.skip('third', 'no time');
  expect(read().steps.slice(1)).toMatchObject([
    { state: 'failed', found: { gpus: [] }, error: { code: 'NoGpu', message: 'there is none', remedy: 'get one' } },
    { state: 'skipped', why: 'no time' },
  ]);
});

it('makes a table of the speeds, with a column for each side', () => {
  const sides = (...speeds: (number | undefined)[]) =>
    speeds.map((perSecond, i) => ({
      name: ['ours', 'torch'][i],
      ...(perSecond === undefined ? { error: 'no memory' } : { perSecond }),
    }));
  const step = (name: string, found: object | null) => ({ name, state: 'ok', seconds: 1, found }) as never;
  expect(
    speedTable([
      step('golden', { passed: 3 }),
      step('unet', { unit: 'steps', sides: sides(12.345, 10) }),
      step('embed', { unit: 'images', sides: sides(1000, undefined) }),
      step('ddim', null),
    ]),
  ).toBe(
    [
      '| row | unit | ours | torch |',
      '| --- | --- | ---: | ---: |',
      '| unet | steps/s | 12.3 | 10 |',
      '| embed | images/s | 1,000 | failed |',
      '',
    ].join('\n'),
  );
  expect(speedTable([])).toBe('');
});
