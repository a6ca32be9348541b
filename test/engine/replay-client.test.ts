import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { replay, setupOf } from '../../engine/replay/client.ts';
import type { Replayed, ReplayJob } from '../../engine/replay/job.ts';
import { flagsOf } from '../../nn/device/flags.ts';

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the process is told to compute as the record says: kernels, threads, and whether TF32 is allowed', () => {
  const setup = (more: object, env: Record<string, string>) => {
    const flags = { ...flagsOf({ TF_NUM_INTRAOP_THREADS: '3', NVIDIA_TF32_OVERRIDE: '0' }), ...more };
    expect(
      setupOf({ record: { machine: { tensorflow: { device: 'gpu', flags, kernels: 'composed' } } } as never }),
    ).toMatchObject({ device: 'gpu', env: { CEMIFLOW_THREADS: '3', CEMIFLOW_KERNELS: 'composed', ...env } });
  };
  setup({}, { CEMIFLOW_TF32: '' });
  setup({ tf32: true }, { CEMIFLOW_TF32: '1' });
});

it('an action at which the process ends is named as one that cannot be done, and the next ones are tried', async () => {
  // A record without an action: the process ends at it.
  const job = (name: string): ReplayJob => ({ name, record: { key: `sha256:${name}`, machine: {} } as never });
  const found: Replayed[] = [];
  const options = {
    store: { folder },
    mode: 'check',
    folders: { from: folder, byContent: {} },
    env: process.env,
  } as const;
  for await (const replayed of replay([job('first'), job('second')], options)) found.push(replayed);
  expect(found.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['first', 'cannot'],
    ['second', 'cannot'],
  ]);
  expect(found[0]?.why).toContain('its process ended early');
}, 60_000);
