import { type Tensors, tf } from '../tf.ts';

/** Stochastic gradient descent with momentum as PyTorch has it (no dampening, no Nesterov). */
export interface SgdOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  /** Which parameters decay. */
  readonly decayed: (name: string) => boolean;
}

/** First state: a buffer of zeros for each parameter, under its name. */
export const sgdState = (parameters: Tensors): Tensors =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, tf.zerosLike(parameter)]));

/**
 * One step: g ← g + weightDecay · p; buffer ← momentum · buffer + g; p ← p − rate · buffer.
 *
 * @param rate learning rate, scalar
 * @returns new parameters and new buffers
 */
export const sgd = (
  parameters: Tensors,
  gradients: Tensors,
  buffers: Tensors,
  rate: tf.Tensor,
  { momentum, weightDecay, decayed }: SgdOptions,
): { parameters: Tensors; buffers: Tensors } => {
  const updated: Tensors = {};
  const next: Tensors = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const raw = gradients[name] as tf.Tensor;
    const gradient = weightDecay > 0 && decayed(name) ? raw.add(parameter.mul(weightDecay)) : raw;
    const buffer = (buffers[name] as tf.Tensor).mul(momentum).add(gradient);
    next[name] = buffer;
    updated[name] = parameter.sub(buffer.mul(rate));
  }
  return { parameters: updated, buffers: next };
};

/** Learning rate over time: a linear warm-up in steps, then divided at milestones in epochs. */
export interface RateSchedule {
  readonly rate: number;
  /** Epochs, counted from 0, at whose start the rate is multiplied by `gamma`. */
  readonly milestones: readonly number[];
  readonly gamma: number;
  readonly warmupSteps: number;
}

/** @param epoch from 0 @param step of the whole training, from 0 */
export const rateAt = ({ rate, milestones, gamma, warmupSteps }: RateSchedule, epoch: number, step: number): number => {
  const reached = milestones.filter((milestone) => epoch >= milestone).length;
  return rate * gamma ** reached * Math.min(1, (step + 1) / Math.max(1, warmupSteps));
};

/**
 * The learning rate of a batch where `rate` was meant for another: proportional to its size (Goyal et al. 2017).
 *
 * @param meantFor size of the batch that `rate` was meant for; 0 takes the rate as it is
 */
export const scaledRate = (rate: number, batch: number, meantFor: number): number =>
  meantFor > 0 ? (rate * batch) / meantFor : rate;
