import { describe, expect, it } from 'vitest';
import type { Machine } from '../../core/action.ts';
import { digestOf } from '../../core/digest.ts';
import { sameKind } from '../../engine/replay/job.ts';
import { flagsOf } from '../../nn/device/flags.ts';

type Tensorflow = NonNullable<Machine['tensorflow']>;

const machine = (more: Partial<Tensorflow> = {}, host = 'here'): Machine => ({
  ...{ host, platform: 'linux', cpu: 'EPYC', cores: 2, node: 'v24' },
  tensorflow: { version: '2.21.0', library: digestOf('library'), device: 'cpu', flags: flagsOf({}), ...more },
});

describe('machines that must give equal bytes', () => {
  it('may be two, of one kind', () => {
    expect(sameKind(machine({ kernels: 'native' }), machine({ kernels: 'native' }, 'there'))).toBe(true);
  });

  it('have the same kernels; a record that names none is from before there were ours', () => {
    expect(sameKind(machine({ kernels: 'native' }), machine({ kernels: 'composed' }))).toBe(false);
    expect(sameKind(machine(), machine({ kernels: 'native' }))).toBe(false);
    expect(sameKind(machine(), machine({ kernels: 'composed' }))).toBe(true);
  });

  it('have the same say in TF32, where they have a GPU: records of CPUs from before it was off are as good as new ones', () => {
    const [on, off] = [{ flags: flagsOf({}) }, { flags: flagsOf({ NVIDIA_TF32_OVERRIDE: '0' }) }];
    expect(sameKind(machine(on), machine(off))).toBe(true);
    expect(sameKind(machine({ ...on, device: 'gpu' }), machine({ ...off, device: 'gpu' }))).toBe(false);
  });

  it('are all, for what used no tensors', () => {
    const { tensorflow: _, ...plain } = machine();
    expect(sameKind(plain, machine())).toBe(true);
    expect(sameKind(machine(), plain)).toBe(false);
  });
});
