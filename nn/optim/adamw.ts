import { type Tensors, tf } from '../tf.ts';

/** AdamW as PyTorch has it (decoupled decay; Loshchilov and Hutter 2019). */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 };

/** First state for the parameters: zero moments `m.*` and `v.*`, and β₁ᵗ, β₂ᵗ before the first step. */
export const adamWState = (parameters: Tensors): Tensors => ({
  ...mapNames(parameters, 'm', (p) => tf.zerosLike(p)),
  ...mapNames(parameters, 'v', (p) => tf.zerosLike(p)),
  'beta1.power': tf.scalar(1),
  'beta2.power': tf.scalar(1),
});

/**
 * One step. The powers of the betas are carried as state, multiplied each step, so that a resumed run has them to the
 * last bit.
 *
 * @param rate learning rate, scalar
 * @returns new parameters, and the new optimizer state
 */
export const adamW = (
  parameters: Tensors,
  gradients: Tensors,
  state: Tensors,
  rate: tf.Tensor,
  options: AdamWOptions = adamWDefaults,
): { parameters: Tensors; state: Tensors } => {
  const { beta1, beta2, eps, weightDecay } = options;
  const power1 = (state['beta1.power'] as tf.Tensor).mul(beta1);
  const power2 = (state['beta2.power'] as tf.Tensor).mul(beta2);
  const correction2 = tf.sqrt(tf.sub(1, power2));
  const stepSize = rate.div(tf.sub(1, power1));
  const keep = tf.sub(1, rate.mul(weightDecay));
  const updated: Tensors = {};
  const next: Tensors = { 'beta1.power': power1, 'beta2.power': power2 };
  for (const [name, parameter] of Object.entries(parameters)) {
    const gradient = gradients[name] as tf.Tensor;
    const m = (state[`m.${name}`] as tf.Tensor).mul(beta1).add(gradient.mul(1 - beta1));
    const v = (state[`v.${name}`] as tf.Tensor).mul(beta2).add(gradient.square().mul(1 - beta2));
    const denominator = tf.sqrt(v).div(correction2).add(eps);
    updated[name] = parameter.mul(keep).sub(m.div(denominator).mul(stepSize));
    next[`m.${name}`] = m;
    next[`v.${name}`] = v;
  }
  return { parameters: updated, state: next };
};

const mapNames = (tensors: Tensors, prefix: string, map: (t: tf.Tensor) => tf.Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, map(tensor)]));
