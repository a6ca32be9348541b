/** cemiflow's side of the tensor benchmarks: one task as JSON, compiled unless the second argument is `eager`. */

import { cemifaceLoss } from '../../methods/cemiface/loss.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { compileFunction, compileStep, type Programs } from '../../nn/compile/index.ts';
import { compileSampler } from '../../nn/diffusion/sampler.ts';
import { linearSchedule } from '../../nn/diffusion/schedule.ts';
import { samplingSteps } from '../../nn/diffusion/steps.ts';
import { diffusionPrograms, diffusionState } from '../../nn/diffusion/train-step.ts';
import { seedTensor, statelessNormal } from '../../nn/kernels/random.ts';
import { unitRows } from '../../nn/layers/unit-rows.ts';
import { adamWDefaults } from '../../nn/optim/adamw.ts';
import { initialise, parameterCount } from '../../nn/parameters.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { imageSides } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { recognizerPrograms, recognizerState } from '../../nn/recognizer/train-step.ts';
import { embedView } from '../../nn/recognizer/view.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import { serve } from '../serve.ts';
import type { Task } from './task.ts';

type Of<K extends Task['task']> = Extract<Task, { task: K }>;

/** Does the work once and waits until it is done. @returns a value of the result, so that nothing is left out */
type Work = () => number;

const task = JSON.parse(process.argv[2] as string) as Task;
const options = { compiled: process.argv[3] !== 'eager', precision: task.precision };

/** Steps with a batch that stays; the state moves on. */
const training = (programs: Programs, initial: Tensors, batch: Tensors, microBatches: number): Work => {
  const step = compileStep(programs, initial, batch, options);
  tf.dispose(initial);
  return () => {
    for (let i = 1; i < microBatches; i++) step.run(batch, 'accumulate');
    return step.run(batch).loss as number;
  };
};

const images = (batch: number, size: number): tf.Tensor =>
  statelessNormal([batch, size, size, 3], seedTensor(1, 'images')).clipByValue(-1, 1);

const identities = (batch: number, size: number): tf.Tensor =>
  unitRows(statelessNormal([batch, size], seedTensor(1, 'identity')));

const diffusionTrain = ({ network, recognizer, batch, microBatch = batch, recompute }: Of<'diffusion/train'>): Work => {
  const microBatches = batch / microBatch;
  const size = network.imageSize;
  const denoiser = cemifaceDenoiser(network, { recompute });
  const given = {
    parameters: denoiser.parameters,
    loss: cemifaceLoss({
      denoiser,
      embed: (weights, x) => embed(weights, x, recognizer),
      measure: 'cosine',
      lambda: 0.05,
      timesteps: 1000,
    }),
    optimizer: adamWDefaults,
    microBatches,
  };
  const initial = tf.tidy(() =>
    diffusionState(initialise(denoiser.parameters, 1), initialise(recognizerParameters(recognizer), 2), given),
  );
  const { alphaBar } = linearSchedule();
  const times = Array.from({ length: microBatch }, (_, i) => Math.floor((1000 * (i + 0.5)) / microBatch));
  return training(
    diffusionPrograms(given),
    initial,
    {
      images: images(microBatch, size),
      identity: identities(microBatch, network.identitySize),
      m: tf.linspace(-1, 1, microBatch),
      time: tf.tensor1d(times, 'float32'),
      alphaBar: tf.tensor1d(times.map((t) => alphaBar[t] as number)),
      noiseSeed: seedTensor(1, 'noise'),
      rate: tf.scalar(1e-4),
      emaDecay: tf.scalar(0.99),
      ...(microBatches > 1 ? { first: tf.scalar(0, 'int32') } : {}),
    },
    microBatches,
  );
};

const recognizerTrain = ({
  recognizer,
  batch,
  classes,
  microBatch = batch,
  recompute,
}: Of<'recognizer/train'>): Work => {
  const microBatches = batch / microBatch;
  const given = {
    config: recognizer,
    head: { loss: 'cosface', m: 0.4, h: 0.333, s: 64, t_alpha: 0.01 } as const,
    classes,
    momentum: 0.9,
    weightDecay: 5e-4,
    microBatches,
    recompute,
  };
  return training(
    recognizerPrograms(given),
    recognizerState(given, 1),
    {
      images: images(microBatch, imageSides(recognizer)[0]),
      labels: tf.range(0, microBatch, 1, 'int32'),
      rate: tf.scalar(0.1),
      dropoutSeed: seedTensor(1, 'dropout'),
    },
    microBatches,
  );
};

const diffusionSample = ({ network, batch, steps }: Of<'diffusion/sample'>): Work => {
  const size = network.imageSize;
  const denoiser = cemifaceDenoiser(network);
  const weights = initialise(denoiser.parameters, 1);
  const fixed = { identity: identities(batch, network.identitySize), m: tf.zeros([batch]) };
  const step = compileSampler(weights, denoiser, { type: 'ddim', eta: 0, epsilon: 'clipped' }, batch, options);
  tf.dispose(weights);
  let draw = 0;
  return () => {
    let x = statelessNormal([batch, size, size, 3], seedTensor(1, 'noise', draw++));
    for (const at of samplingSteps(linearSchedule(), steps)) {
      const now = {
        time: tf.scalar(at.time),
        alphaBar: tf.scalar(at.alphaBar),
        nextAlphaBar: tf.scalar(at.nextAlphaBar),
      };
      const next = step.run({ x, ...fixed, ...now }).x as tf.Tensor;
      tf.dispose([x, ...Object.values(now)]);
      x = next;
    }
    const value = x.dataSync()[0] as number;
    x.dispose();
    return value;
  };
};

const recognizerEmbed = ({ recognizer, batch, images: count }: Of<'recognizer/embed'>): Work => {
  const size = imageSides(recognizer)[0];
  const weights = initialise(recognizerParameters(recognizer), 1);
  const run = compileFunction(
    (w, { x }) => ({ rows: embedView(w, x as tf.Tensor4D, recognizer, 'both') }),
    weights,
    { x: images(batch, size) },
    options,
  );
  tf.dispose(weights);
  const parts = Array.from({ length: count / batch }, () => images(batch, size));
  return () => {
    let sum = 0;
    for (const x of parts) {
      const rows = run.run({ x }).rows as tf.Tensor;
      sum += rows.dataSync()[0] as number;
      rows.dispose();
    }
    return sum;
  };
};

const works: { [K in Task['task']]: (task: Of<K>) => Work } = {
  'diffusion/train': diffusionTrain,
  'diffusion/sample': diffusionSample,
  'recognizer/train': recognizerTrain,
  'recognizer/embed': recognizerEmbed,
};

const parametersOf = (given: Task): number =>
  'network' in given
    ? parameterCount(cemifaceDenoiser(given.network).parameters)
    : parameterCount(recognizerParameters(given.recognizer).filter(({ trained }) => trained));

const start = process.hrtime.bigint();
const work = (works[task.task] as (task: Task) => Work)(task);
const compileSeconds = Number(process.hrtime.bigint() - start) / 1e9;
await serve({ parameters: parametersOf(task), compileSeconds, compiled: options.compiled }, async () => {
  const [begun, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
  let value = 0;
  for (let i = 0; i < (task.times ?? 1); i++) value = work();
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, value };
});
