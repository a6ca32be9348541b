import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { instructionSets } from '../../../nn/device/cpu.ts';
import { flagsOf, tensorflowVariables, workerThreads } from '../../../nn/device/flags.ts';
import { firstVisible, hasTf32, parseGpus } from '../../../nn/device/gpu.ts';

describe('the variables of TensorFlow', () => {
  const told = (env: Record<string, string> = {}, device: 'cpu' | 'gpu' = 'cpu', arch = 'x64') =>
    tensorflowVariables(env, { device, threads: 3, arch });

  it('fix what numbers depend on, and hide the GPUs from work that is for the CPU', () => {
    const own = { TF_DETERMINISTIC_OPS: '0', TF_NUM_INTRAOP_THREADS: '7', CUDA_VISIBLE_DEVICES: '0' };
    expect(told(own)).toMatchObject({
      TF_DETERMINISTIC_OPS: '1',
      TF_NUM_INTRAOP_THREADS: '3',
      TF_NUM_INTEROP_THREADS: '2',
      CUDA_VISIBLE_DEVICES: '-1',
    });
    expect({ ...own, ...told(own, 'gpu') }.CUDA_VISIBLE_DEVICES).toBe('0');
  });

  it('give the flags that are recorded: TF32 off, XLA off, deterministic', () => {
    expect(flagsOf(told())).toEqual({
      ...{ deterministicOps: true, tf32: false, xla: 'off', oneDnn: true },
      ...{ intraOpThreads: 3, interOpThreads: 2 },
    });
  });

  it('let the user turn TF32 and XLA on and oneDNN off, which is recorded too', () => {
    const env = { CEMIFLOW_TF32: '1', TF_ENABLE_ONEDNN_OPTS: 'false', TF_XLA_FLAGS: '--tf_xla_auto_jit=2' };
    expect(flagsOf({ ...env, ...told(env) })).toMatchObject({ tf32: true, oneDnn: false, xla: '--tf_xla_auto_jit=2' });
  });

  it('allow TF32 by CEMIFLOW_TF32 alone, and never where the CUDA libraries are told to leave it', () => {
    const refused: Record<string, string>[] = [
      { NVIDIA_TF32_OVERRIDE: '1' },
      { CEMIFLOW_TF32: '0' },
      { CEMIFLOW_TF32: '' },
    ];
    for (const env of refused) expect(flagsOf({ ...env, ...told({ ...env }) }).tf32).toBe(false);
    const both = { CEMIFLOW_TF32: '1', NVIDIA_TF32_OVERRIDE: '0' };
    expect(flagsOf({ ...both, ...told(both) }).tf32).toBe(false);
  });

  it('take the threads that the user gives', () => {
    expect(told({ CEMIFLOW_THREADS: '1' })).toMatchObject({ TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' });
    expect(told({ CEMIFLOW_THREADS: '1', TF_NUM_INTEROP_THREADS: '2' }).TF_NUM_INTEROP_THREADS).toBe('2');
    expect(told({ CEMIFLOW_THREADS: '' }).TF_NUM_INTRAOP_THREADS).toBe('3');
  });

  it('are half of the cores in a CPU worker, of which two share a machine, and all of them beside a GPU', () => {
    expect([1, 2, 3, 16].map((cores) => workerThreads('cpu', cores))).toEqual([1, 1, 1, 8]);
    expect(workerThreads('gpu', 16)).toBe(16);
  });

  it('say unknown where nothing was told', () => {
    expect(flagsOf(told({}, 'cpu', 'arm64')).oneDnn).toBe('unknown');
    expect(flagsOf({})).toMatchObject({ deterministicOps: false, intraOpThreads: 'unknown' });
  });
});

describe('nvidia-smi', () => {
  const two = [
    'index, uuid, name, driver_version, memory.total [MiB], memory.free [MiB], utilization.gpu [%], compute_cap',
    '0, GPU-8f6e1c9a-0000-1111-2222-333344445555, Tesla T4, 550.54.15, 15360 MiB, 15101 MiB, 0 %, 7.5',
    '1, GPU-17ab5d20-0000-1111-2222-333344445555, NVIDIA A100-SXM4-80GB, 550.54.15, 81920 MiB, 81176 MiB, 54 %, 8.0',
    '',
  ].join('\n');

  it('tells name, driver, memory, load and compute capability of every GPU', () => {
    const [first, second] = parseGpus(two);
    expect(first).toMatchObject({ index: 0, name: 'Tesla T4', computeCapability: '7.5', utilizationPercent: 0 });
    expect(second).toEqual({
      ...{ index: 1, uuid: 'GPU-17ab5d20-0000-1111-2222-333344445555', name: 'NVIDIA A100-SXM4-80GB' },
      ...{ driver: '550.54.15', computeCapability: '8.0', utilizationPercent: 54 },
      ...{ totalBytes: 81920 * 2 ** 20, freeBytes: 81176 * 2 ** 20 },
    });
  });

  it('leaves unknown what the driver does not tell: shared memory, an old driver', () => {
    const shared =
      'index, name, driver_version, memory.total [MiB], compute_cap\n0, NVIDIA GB10, 580.95.05, [N/A], 12.1';
    expect(parseGpus(shared)[0]).toMatchObject({ name: 'NVIDIA GB10', totalBytes: 'unknown', uuid: 'unknown' });
    const old = 'index, name, driver_version, memory.total [MiB]\n0, Tesla K80, 470.256.02, 11441 MiB';
    expect(parseGpus(old)[0]).toMatchObject({ computeCapability: 'unknown', driver: '470.256.02' });
  });

  it('gives no GPU for a message in place of a table', () => {
    expect(parseGpus('No devices were found\n')).toEqual([]);
    expect(parseGpus('')).toEqual([]);
  });

  it('and CUDA_VISIBLE_DEVICES say which GPU a process has: by number, by the beginning of its id, or none', () => {
    const gpus = parseGpus(two);
    const indexOf = (visible?: string) => firstVisible(gpus, visible)?.index;
    expect([undefined, '1', '1,0', 'GPU-17ab', '-1', '', 'MIG-17ab'].map(indexOf)).toEqual([
      ...[0, 1, 1, 1],
      ...[undefined, undefined, undefined],
    ]);
  });

  it('says which GPUs have TF32', () => {
    expect(['7.5', '8.0', '12.1', 'unknown'].map((computeCapability) => hasTf32({ computeCapability }))).toEqual([
      ...[false, true, true],
      'unknown',
    ]);
  });
});

it('the CPU names its instruction sets', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'cemiflow-cpu-')), 'cpuinfo');
  writeFileSync(file, 'processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma avx512f avx512_vnni clflush\n');
  expect(instructionSets(file)).toEqual(['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni']);
  writeFileSync(file, 'processor\t: 0\nFeatures\t: fp asimd sha1 asimddp sve\n');
  expect(instructionSets(file)).toEqual(['asimd', 'asimddp', 'sve']);
  expect(instructionSets(join(tmpdir(), 'none', 'cpuinfo'))).toEqual([]);
});
