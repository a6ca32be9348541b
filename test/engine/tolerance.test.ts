import { expect, it } from 'vitest';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { putTrainingLog } from '../../artifacts/training-log.ts';
import { digestOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import { compareOutputs, declaredTolerance, tolerance } from '../../engine/replay/tolerance.ts';
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

it('passes what a stage says of its program, and nothing without a word', async () => {
  const action = (outputs: JsonObject) => ({ kind: 'command/run', params: { outputs }, seed: 0, code: digestOf('x') });
  const numbers = async (made: number, tolerance: number) => {
    const [here, there] = [memoryStore(), memoryStore()];
    const of = (store: typeof here, value: number) => putMetrics(store, { kind: 'own', values: { loss: value } });
    const allowed = declaredTolerance(
      action({ loss: { type: 'metrics', path: 'l', tolerance }, other: { tolerance: 0 } }),
    );
    return compareOutputs({ loss: await of(here, made) }, { loss: await of(there, 2) }, here, there, {
      because: 'as far as its stage allows',
      ...(allowed && { allowed }),
    });
  };
  // Relative, above 1.
  expect(await numbers(2.01, 0.006)).toEqual({
    verdict: 'within tolerance',
    why: 'as far as its stage allows; loss: 0.0050 of 0.006 (metrics.json)',
  });
  expect(await numbers(2.01, 0.004)).toMatchObject({ verdict: 'different' });
  expect(declaredTolerance(action({ loss: { type: 'metrics', path: 'l', tolerance: 0 } }))).toBeUndefined();
  expect(declaredTolerance({ ...action({ loss: { tolerance: 1 } }), kind: 'evaluate/frechet' })).toBeUndefined();
});

it('lets nothing hide a difference that is not allowed, and nothing that is no number pass', async () => {
  const [here, there] = [memoryStore(), memoryStore()];
  const files = async (store: typeof here, json: string, more: string) =>
    store.putArtifact({
      type: 'files',
      meta: { executable: [] },
      files: [
        await store.putFile('a.json', Buffer.from(json), 'text/plain'),
        await store.putFile('b.json', Buffer.from(more), 'text/plain'),
      ],
    });
  const outputs = {
    m: { type: 'metrics', path: 'm', tolerance: 0.1 },
    f: { type: 'files', path: 'f', tolerance: 0.1 },
  };
  const allowed = declaredTolerance({ kind: 'command/run', params: { outputs }, seed: 0, code: digestOf('x') });
  const compare = async (json: string, more: string, type: 'any' | 'files') =>
    compareOutputs(
      { f: await files(here, json, more) },
      { f: await files(there, '{"a":1}', '{"b":"sha256:0"}') },
      here,
      there,
      type === 'files' && allowed ? { allowed } : {},
    );
  // Plain files have no tolerance.
  expect(await compare('{"a":1.001}', '{"b":"sha256:0"}', 'files')).toMatchObject({ verdict: 'different' });
  expect(await compare('{"a":1.001}', '{"b":"sha256:1"}', 'any')).toMatchObject({ verdict: 'within tolerance' });
  expect(await compare('{"a":2}', '{"b":"sha256:1"}', 'any')).toMatchObject({ verdict: 'different' });
  expect(await compare('{"a": NaN}', '{"b":"sha256:1"}', 'any')).toMatchObject({ verdict: 'different' });
});
