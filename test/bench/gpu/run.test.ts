import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { torchPrecision, variablesFor } from '../../../bench/gpu/rows.ts';

const run = (program: string, ...args: string[]) => {
  const options = { encoding: 'utf8', timeout: 50_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', `bench/gpu/${program}`, ...args], options);
  return { status, stderr };
};

it.each([
  ['run.ts', ['--device', 'tpu'], '--device is gpu or cpu, got tpu'],
  ['run.ts', ['--precisions', 'float32,float8'], '--precisions are some of float32, tf32, bfloat16'],
  ['run.ts', ['--rows', 'unet-train/papre'], 'there is no row unet-train/papre; the rows are unet-train/paper'],
  ['run.ts', ['--rounds', '0'], '--rounds and --minutes are above 0'],
  ['pack.ts', ['--out', '/nowhere', '--only', 'nothing'], '--only code or library'],
  ['pack.ts', ['--out', '/nowhere', '--wheels', 'nvidia-cublas'], 'versions.json pins no CUDA wheel nvidia-cublas'],
])('%s %s is refused before anything is done', (program, args, message) => {
  const { status, stderr } = run(program, ...args);
  expect(stderr).toContain(`error[Usage]: `);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

it('allows TF32 for tf32 alone, and hides GPUs where the CPU is asked for', () => {
  const place = { device: 'gpu', env: { PATH: '/bin', NVIDIA_TF32_OVERRIDE: '1' } } as const;
  const [float32, tf32, bfloat16] = (['float32', 'tf32', 'bfloat16'] as const).map((each) => variablesFor(each, place));
  expect([float32, tf32, bfloat16].map((each) => each?.NVIDIA_TF32_OVERRIDE)).toEqual(['0', undefined, '0']);
  expect([float32, tf32, bfloat16].map((each) => each?.CEMIFLOW_TF32)).toEqual([undefined, '1', undefined]);
  expect(float32).toMatchObject({ PATH: '/bin', TF_DETERMINISTIC_OPS: '1' });
  expect(float32?.CUDA_VISIBLE_DEVICES).toBeUndefined();
  expect(variablesFor('tf32', { ...place, device: 'cpu' }).CUDA_VISIBLE_DEVICES).toBe('-1');
  expect((['float32', 'tf32', 'bfloat16'] as const).map(torchPrecision)).toEqual(['float32', 'float32', 'bfloat16']);
});
