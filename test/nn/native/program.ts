/** Norms, activations and a training step by one choice of kernels: for a test that compares two processes. Prints JSON. */
import { compileStep } from '../../../nn/compile/index.ts';
import { groupNorm } from '../../../nn/kernels/group-norm.ts';
import { batchNormTrain } from '../../../nn/layers/batch-norm.ts';
import { conv2d } from '../../../nn/layers/conv.ts';
import { prelu } from '../../../nn/layers/prelu.ts';
import { kernelChoice } from '../../../nn/native/library.ts';
import { testNetworks } from '../../../nn/self-test/networks.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0.3, 1, 'float32', seed);

/** What a function gives, and the gradient of a weighted sum of it. */
const withGradients = (fn: (inputs: Tensors) => tf.Tensor, inputs: Tensors): Tensors => {
  const y = fn(inputs);
  const names = Object.keys(inputs);
  const weights = random(y.shape, 99);
  const gradients = tf.grads((...given) =>
    tf.sum(fn(Object.fromEntries(names.map((name, i) => [name, given[i] as tf.Tensor]))).mul(weights)),
  )(Object.values(inputs));
  return { y, ...Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, gradients[i] as tf.Tensor])) };
};

const x = random([2, 6, 5, 16], 1);
const [gamma, beta] = [random([16], 2), random([16], 3)];
const film = { scale: random([2, 16], 4), shift: random([2, 16], 5) };
const norm = ({ x: image, gamma: g, beta: b, scale, shift }: Tensors, silu: boolean): tf.Tensor =>
  groupNorm(image as tf.Tensor4D, g as tf.Tensor, b as tf.Tensor, 4, {
    silu,
    ...(scale && shift ? { film: { scale, shift } } : {}),
  });

/** 1875 positions of 24 channels: several blocks, whole vectors of two positions, and one position behind them. */
const normed = { x: random([3, 25, 25, 24], 7), gamma: random([24], 8), beta: random([24], 9) };
const batchNorm = ({ x: image, gamma: g, beta: b }: Tensors) =>
  batchNormTrain(image as tf.Tensor4D, g as tf.Tensor, b as tf.Tensor);
/** Channels that leave half a panel, and tiles that reach over the edge. */
const convolved = { x: random([2, 10, 14, 40], 10), w: random([3, 3, 40, 48], 11) };
const strided = (stride: number) => () =>
  withGradients(({ x: image, w }) => conv2d(image as tf.Tensor4D, w as tf.Tensor4D, stride), convolved);

const functions: Record<string, () => Tensors> = {
  'group norm': () => withGradients((inputs) => norm(inputs, false), { x, gamma, beta }),
  'group norm with SiLU': () => withGradients((inputs) => norm(inputs, true), { x, gamma, beta }),
  'group norm with scale, shift and SiLU': () =>
    withGradients((inputs) => norm(inputs, true), { x, gamma, beta, ...film }),
  'batch norm': () => {
    const { mean, variance } = batchNorm(normed);
    return { ...withGradients((inputs) => batchNorm(inputs).y, normed), mean, variance };
  },
  'convolution of stride 1': strided(1),
  'convolution of stride 2': strided(2),
  PReLU: () =>
    withGradients(({ x: image, alpha }) => prelu(image as tf.Tensor, alpha as tf.Tensor), {
      x,
      alpha: random([16], 6),
    }),
};

/** The losses of two steps, and what gradients left in the optimizer's state after the first. */
const trained = (network: (typeof testNetworks)[number]): Record<string, number[]> => {
  const [initial, batch] = [network.initial(), network.batch(0)];
  const step = compileStep(network.step, initial, batch);
  const first = step.run(batch).loss as number;
  const state = step.readState((name) => /^(adam\.m|sgd)\./.test(name));
  const gradient = Object.values(state).flatMap((tensor) => [...tensor.dataSync()]);
  return { loss: [first, step.run(batch).loss as number], gradient };
};

const layers = Object.entries(functions).map(([name, make]) => [
  name,
  Object.fromEntries(Object.entries(make()).map(([part, tensor]) => [part, [...tensor.dataSync()]])),
]);
const networks = testNetworks.map((network) => [`a step of the ${network.name}`, trained(network)]);
process.stdout.write(
  JSON.stringify({ kernels: kernelChoice(), computed: Object.fromEntries([...layers, ...networks]) }),
);
