import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compileStep, type Step } from '../../../nn/compile/index.ts';
import { seedTensor, statelessNormal } from '../../../nn/kernels/random.ts';
import { recognizerConfig } from '../../../nn/recognizer/config.ts';
import { type RecognizerTraining, recognizerPrograms, recognizerState } from '../../../nn/recognizer/train-step.ts';
import { type TestNetwork, testNetworks, testRecognizer, testUnet } from '../../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

const started = (network: TestNetwork, options: CompileOptions & { from?: Tensors } = {}): Step => {
  const { from, ...how } = options;
  const initial = from ?? network.initial();
  const example = network.batch(0);
  try {
    return compileStep(network.step, initial, example, how);
  } finally {
    tf.dispose([initial, example]);
  }
};

const run = (step: Step, network: TestNetwork, from: number, to: number): void => {
  for (let i = from; i < to; i++) {
    const batch = network.batch(i);
    step.run(batch);
    tf.dispose(batch);
  }
};

/** Each tensor of the state as numbers. */
const stateOf = (step: Step): Map<string, Float32Array> => {
  const state = step.readState();
  const values = new Map(
    Object.entries(state).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync() as Float32Array)]),
  );
  tf.dispose(state);
  return values;
};

const digestOf = (step: Step): string => {
  const hash = createHash('sha256');
  for (const [name, values] of stateOf(step)) hash.update(name).update(Buffer.from(values.buffer));
  return hash.digest('hex');
};

/** The largest difference of two states, relative to the largest entry of each tensor. */
const distance = (a: Map<string, Float32Array>, b: Map<string, Float32Array>): number => {
  let worst = 0;
  for (const [name, values] of a) {
    const others = b.get(name);
    if (!others) continue;
    const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-2);
    values.forEach((x, i) => {
      worst = Math.max(worst, Math.abs(x - (others[i] as number)) / scale);
    });
  }
  return worst;
};

describe.each(testNetworks)('a compiled $name', (network) => {
  it.each(['float32', 'bfloat16'] as const)('in %s goes on from a state that was read, to the bit', (precision) => {
    const whole = started(network, { precision });
    run(whole, network, 0, 4);
    const half = started(network, { precision });
    run(half, network, 0, 2);
    const resumed = started(network, { precision, from: half.readState() });
    run(resumed, network, 2, 4);
    expect(digestOf(resumed)).toBe(digestOf(whole));
    for (const step of [whole, half, resumed]) step.dispose();
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    const step = started(network);
    run(step, network, 0, 2);
    step.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a training step that saves memory', () => {
  it.each([
    ['UNet', testUnet],
    ['recognizer', testRecognizer],
  ] as const)('%s: recomputed units give the same state', (_, make) => {
    const [kept, again, eager] = [
      started(make()),
      started(make({ recompute: true })),
      started(make({ recompute: true }), { compiled: false }),
    ] as const;
    for (const step of [kept, again, eager]) run(step, make(), 0, 1);
    const expected = stateOf(kept);
    // AdamW's first step goes by the gradient's sign: a rounding near zero moves a weight by the learning rate.
    expect(distance(expected, stateOf(again))).toBeLessThan(5e-4);
    expect(distance(expected, stateOf(eager))).toBeLessThan(5e-4);
    for (const step of [kept, again, eager]) step.dispose();
  });

  it('UNet: micro-batches give the state of the whole batch', () => {
    const network = testUnet();
    const whole = started(network);
    run(whole, network, 0, 2);
    const cut = testUnet({ microBatches: 4 });
    const rowed = new Set(['images', 'identity', 'time', 'alphaBar']);
    const microBatch = (batch: Tensors, first: number): Tensors => ({
      ...Object.fromEntries(
        Object.entries(batch).map(([name, tensor]) => [
          name,
          rowed.has(name) ? tf.slice(tensor, first, 2) : tensor.clone(),
        ]),
      ),
      first: tf.scalar(first, 'int32'),
    });
    const initial = cut.initial();
    const example = microBatch(network.batch(0), 0);
    const step = compileStep(cut.step, initial, example);
    const expected = stateOf(whole);
    for (let i = 0; i < 2; i++) {
      for (const first of [0, 2, 4, 6])
        step.run(microBatch(network.batch(i), first), first < 6 ? 'accumulate' : 'step');
    }
    const got = stateOf(step);
    expect(distance(expected, got)).toBeLessThan(5e-4);
    expect(got.get('gradient.w')?.every((x) => x === 0)).toBe(true);
    whole.dispose();
    step.dispose();
    tf.disposeVariables();
  });

  it('recognizer: a micro-batch taken twice gives the step of one, but for the running statistics', () => {
    const once = started(testRecognizer());
    const network = testRecognizer({ microBatches: 2 });
    const twice = started(network);
    const batch = network.batch(0);
    once.run(batch);
    twice.run(batch, 'accumulate');
    twice.run(batch, 'step');
    const [expected, got] = [stateOf(once), stateOf(twice)];
    const mean = 'stats.input_layer.1.running_mean';
    expect(distance(new Map([[mean, expected.get(mean) as Float32Array]]), got)).toBeGreaterThan(0.1);
    for (const name of [...expected.keys()]) if (name.startsWith('stats.')) expected.delete(name);
    // AdaFace's margin follows its running statistics, which have moved once more.
    expect(distance(expected, got)).toBeLessThan(1e-2);
    for (const step of [once, twice]) step.dispose();
    tf.dispose(batch);
  });
});

describe('sums of several tensors', () => {
  it('come out the same in every session, although their terms arrive in another order each time', () => {
    // Weight decay, momentum and gradient of the first layer: joined into one sum by TensorFlow, three of four sessions
    // differed in their last bits at this size.
    const training: RecognizerTraining = {
      config: recognizerConfig('small', { imageSize: 112 }),
      head: { loss: 'cosface', m: 0.4, h: 0.333, s: 64, t_alpha: 0.01 },
      ...{ classes: 48, momentum: 0.9, weightDecay: 5e-4 },
    };
    const network: TestNetwork = {
      name: 'recognizer',
      step: recognizerPrograms(training),
      initial: () => recognizerState(training, 1),
      batch: (i) => ({
        images: statelessNormal([32, 112, 112, 3], seedTensor(1, 'images', i)),
        labels: tf.range(i, 32 + i, 1, 'int32'),
        rate: tf.scalar(0.1),
        dropoutSeed: seedTensor(1, 'dropout', i),
      }),
    };
    const digests = Array.from({ length: 5 }, () => {
      const step = started(network);
      run(step, network, 0, 3);
      const digest = digestOf(step);
      step.dispose();
      return digest;
    });
    expect(new Set(digests).size).toBe(1);
  });
});

/** Runs this folder's program in a process of its own. @returns what it printed, as JSON */
const inProcess = (...args: string[]): Record<string, never> & { digest: string; peak: number; growth: number } => {
  const program = new URL('./program.ts', import.meta.url).pathname;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_NUM_INTRAOP_THREADS: '2', TF_NUM_INTEROP_THREADS: '2' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

describe('processes', () => {
  it.each(['UNet', 'recognizer'])('two give the same bits, others in bfloat16: %s', (name) => {
    const digests = ['float32', 'float32', 'bfloat16', 'bfloat16'].map(
      (precision) => inProcess('digest', name, precision).digest,
    );
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[3]).toBe(digests[2]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it('a thousand steps take no more memory than the first hundred', () => {
    // A leak of one batch a step would be 40 MB.
    expect(inProcess('growth', 'recognizer').growth).toBeLessThan(16 * 2 ** 20);
  });

  it('recomputation lowers the peak', () => {
    const [kept, again] = [inProcess('peak', 'keep'), inProcess('peak', 'recompute')];
    expect(kept.peak - again.peak).toBeGreaterThan(200 * 2 ** 20);
  });
});
