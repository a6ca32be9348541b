/** Training in a process of its own, for tests of what holds between processes and of memory. Prints JSON. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compileFunction, compileStep, type Precision } from '../../../nn/compile/index.ts';
import { recompute } from '../../../nn/kernels/recompute.ts';
import { testNetworks } from '../../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

const kilobytes = (name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

const training = (name: string, precision?: Precision) => {
  const network = testNetworks.find((candidate) => candidate.name === name) ?? testNetworks[0];
  if (!network) throw new Error(`no network ${name}`);
  const initial = network.initial();
  const example = network.batch(0);
  const step = compileStep(network.step, initial, example, { precision });
  tf.dispose([initial, example]);
  return {
    step,
    run: (i: number): void => {
      const batch = network.batch(i);
      step.run(batch);
      tf.dispose(batch);
    },
  };
};

/** sha256 of the state after five steps. */
const digest = (name: string, precision: string) => {
  const { step, run } = training(name, precision as Precision);
  for (let i = 0; i < 5; i++) run(i);
  const hash = createHash('sha256');
  for (const tensor of Object.values(step.readState())) hash.update(tensor.dataSync() as Float32Array);
  return { digest: hash.digest('hex') };
};

/** How much larger the process is after 1,000 steps than after 100, in bytes. */
const growth = (name: string) => {
  const { run } = training(name);
  for (let i = 0; i < 100; i++) run(i);
  const before = kilobytes('VmRSS');
  for (let i = 100; i < 1000; i++) run(i);
  return { growth: (kilobytes('VmRSS') - before) * 1024 };
};

/** Peak memory in bytes of the gradient of 24 layers of 16 MiB each, in blocks of 6. */
const peak = (way: string) => {
  const block = ({ x, w }: Tensors): tf.Tensor => {
    let h = x as tf.Tensor;
    for (let i = 0; i < 6; i++) h = tf.tanh(tf.mul(h, w as tf.Tensor));
    return h;
  };
  const fn = ({ w }: Tensors, { x }: Tensors): Tensors => {
    const loss = (v: tf.Tensor): tf.Scalar => {
      let h = x as tf.Tensor;
      for (let i = 0; i < 4; i++) {
        const inputs = { x: h, w: v };
        h = way === 'recompute' ? recompute(inputs, (given) => ({ y: block(given) })).y : block(inputs);
      }
      return tf.sum(h);
    };
    return { gradient: tf.grad(loss as (v: tf.Tensor) => tf.Tensor)(w as tf.Tensor) };
  };
  const x = tf.fill([2 ** 22], 0.5);
  const { run } = compileFunction(fn, { w: tf.scalar(0.9) }, { x });
  run({ x });
  return { peak: kilobytes('VmHWM') * 1024 };
};

const [what, which = '', precision = 'float32'] = process.argv.slice(2);
const made = what === 'digest' ? digest(which, precision) : what === 'growth' ? growth(which) : peak(which);
process.stdout.write(JSON.stringify(made));
