import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KernelChoice } from '../../../nn/native/library.ts';

interface Computed {
  readonly kernels: KernelChoice;
  /** Numbers by what computed them and what they are. */
  readonly computed: { readonly [name: string]: { readonly [part: string]: readonly number[] } };
}

/** Runs this folder's program in a separate process: the choice is made once in each. */
const inProcess = (choice: string, threads = 2): Computed => {
  const program = new URL('./program.ts', import.meta.url).pathname;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_NUM_INTRAOP_THREADS: `${threads}`, CEMIFLOW_KERNELS: choice },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

describe('our own kernels and what TensorFlow composes', () => {
  let native: Computed;
  let composed: Computed;

  beforeAll(() => {
    native = inProcess('');
    composed = inProcess('composed');
  }, 120_000);

  it('are chosen by the process: set-up has built them here, and the environment can refuse them', () => {
    expect([native.kernels, composed.kernels]).toEqual(['native', 'composed']);
  });

  it.each([
    ['group norm', 1e-5],
    ['group norm with SiLU', 1e-5],
    ['group norm with scale, shift and SiLU', 1e-5],
    ['batch norm', 1e-5],
    ['convolution of stride 1', 1e-5],
    ['convolution of stride 2', 1e-5],
    ['PReLU', 1e-5],
    // The second step starts from weights that AdamW has moved by the sign of tiny gradients.
    ['a step of the UNet', 1e-4],
    ['a step of the recognizer', 1e-4],
  ])('agree: %s', (name, most) => {
    const [ours, theirs] = [native.computed[name] ?? {}, composed.computed[name] ?? {}];
    expect(Object.keys(ours).length).toBeGreaterThan(1);
    for (const [part, values] of Object.entries(ours)) {
      const others = theirs[part] as readonly number[];
      const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      const worst = values.reduce((far, value, i) => Math.max(far, Math.abs(value - (others[i] as number))), 0);
      expect(scale, part).toBeGreaterThan(0);
      expect(worst / scale, part).toBeLessThan(most);
    }
  });

  it('compute the same bits with one thread as with two', () => {
    // In a step, some of TensorFlow's own products do not.
    const layers = ({ computed }: Computed) => Object.entries(computed).filter(([name]) => !name.startsWith('a step'));
    expect(layers(native).length).toBeGreaterThan(5);
    expect(layers(inProcess('', 1))).toEqual(layers(native));
  }, 60_000);
});
