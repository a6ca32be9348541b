import { type Mutant, mutantsOf } from '../mutant.ts';

const diffusion = 'test/nn/diffusion/diffusion.test.ts';
const secondReading = 'test/nn/golden-second-reading.test.ts';

/** Networks, diffusion and optimizers. */
export const networkMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/compile/kept-gradients.ts',
    ['test/nn/compile/compile.test.ts'],
    [
      {
        name: 'compile/gradients-apart',
        find: 'return gradient ? [[String(gradient), undefined]] : [];',
        replace: 'return gradient ? [] : [];',
        breaks: "TensorFlow's optimizer takes the gradient of one bias for that of another",
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/schedule.ts',
    [diffusion],
    [
      {
        name: 'schedule/last-beta',
        find: '[1e-4, 2e-2]',
        replace: '[1e-4, 1e-2]',
        breaks: 'the last beta is 0.01',
      },
      {
        name: 'schedule/off-by-one',
        find: '((last - first) * t) / (steps - 1)',
        replace: '((last - first) * t) / steps',
        breaks: 'the last beta is not reached',
      },
      {
        name: 'schedule/factor-of-signal',
        find: '(snrFactor * product) / (1 - product + snrFactor * product)',
        replace: 'Math.min(1, snrFactor * product)',
        breaks: 'the factor is on the signal, not on its ratio to the noise',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/prediction.ts',
    [diffusion],
    [
      {
        name: 'prediction/q-sample',
        find: 'clean.mul(tf.sqrt(a)).add(noise.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'clean.mul(a).add(noise.mul(tf.sub(1, a)))',
        breaks: 'x_t lacks the square roots',
      },
      {
        name: 'prediction/velocity-sign',
        find: 'noise.mul(tf.sqrt(a)).sub(clean.mul(tf.sqrt(tf.sub(1, a))))',
        replace: 'noise.mul(tf.sqrt(a)).add(clean.mul(tf.sqrt(tf.sub(1, a))))',
        breaks: 'the velocity has the wrong sign',
      },
      {
        name: 'prediction/not-clipped',
        find: 'clip ? tf.clipByValue(clean, -1, 1) : clean',
        replace: 'clip ? clean : clean',
        breaks: 'the predicted image is not clipped',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/steps.ts',
    [diffusion],
    [
      {
        name: 'ddim/last-target',
        find: '(schedule.alphaBar[times[i + 1] as number] as number) : 1',
        replace: '(schedule.alphaBar[times[i + 1] as number] as number) : (schedule.alphaBar[0] as number)',
        breaks: 'the last step leaves noise in the image',
      },
      {
        name: 'ddim/eta-not-squared',
        find: 'share.mul(eta * eta)',
        replace: 'share.mul(eta)',
        breaks: 'eta scales the variance, not the deviation',
      },
      {
        name: 'ancestral/variance',
        find: 'tf.where(last, tf.zerosLike(beta), tf.sqrt(beta))',
        replace: 'tf.where(last, tf.zerosLike(beta), beta)',
        breaks: 'noise has deviation β',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/adamw.ts',
    ['test/nn/optim/adamw.test.ts'],
    [
      {
        name: 'adamw/not-corrected',
        find: 'tf.sqrt(v).div(correction2).add(eps)',
        replace: 'tf.sqrt(v).add(eps)',
        breaks: 'the second moment is not corrected for its start at 0',
      },
      {
        name: 'adamw/coupled-decay',
        find: 'tf.sub(1, rate.mul(weightDecay))',
        replace: 'tf.sub(1, weightDecay)',
        breaks: 'weight decay does not follow the learning rate',
      },
      {
        name: 'adamw/no-square',
        find: 'gradient.square().mul(1 - beta2)',
        replace: 'gradient.abs().mul(1 - beta2)',
        breaks: 'the second moment is not that of the square',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/averaged.ts',
    ['test/methods/cemiface/train.test.ts'],
    [
      {
        name: 'ema/off',
        find: 'ema: average.w as tf.Tensor',
        replace: 'ema: moved.parameters.w as tf.Tensor',
        breaks: 'the moving average is the weights themselves',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/ema.ts',
    ['test/nn/optim/adamw.test.ts'],
    [
      {
        name: 'ema/turned',
        find: 'parameter.add(value.sub(parameter).mul(decay))',
        replace: 'value.add(parameter.sub(value).mul(decay))',
        breaks: 'average and weights are exchanged',
      },
      {
        name: 'ema/warm-up',
        find: '1 - (1 + step) ** -0.75',
        replace: '1 - (1 + step) ** -0.5',
        breaks: 'the average warms up more slowly',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/attention.ts',
    [secondReading],
    [
      {
        name: 'attention/scale',
        find: '1 / Math.sqrt(perHead)',
        replace: '1 / Math.sqrt(c)',
        breaks: 'attention is scaled by all channels',
      },
      {
        name: 'attention/no-condition',
        find: 'tf.concat([cv, v], 2)',
        replace: 'tf.concat([cv.mul(0), v], 2)',
        breaks: 'the condition has no values',
      },
      {
        name: 'attention/no-residual',
        find: 'return x.add(linear(',
        replace: 'return x.mul(0).add(linear(',
        breaks: 'the input of attention is not added',
      },
      {
        name: 'attention/heads-first',
        find: 't.reshape([b, length, heads, n * perHead]).transpose([0, 2, 1, 3]), n, 3)',
        replace:
          't.reshape([b, length, n, heads, perHead]).transpose([0, 3, 1, 2, 4]).reshape([b, heads, length, n * perHead]), n, 3)',
        breaks: 'qkv holds all queries, then all keys, then all values (the new order of guided-diffusion)',
      },
      {
        name: 'attention/values-first',
        find: 'const [ck, cv] =',
        replace: 'const [cv, ck] =',
        breaks: 'the first half of a projected token is its value',
      },
      {
        name: 'attention/keys-first',
        find: 'const [q, k, v] =',
        replace: 'const [k, q, v] =',
        breaks: 'qkv begins with the keys',
      },
      {
        name: 'attention/keys-turned',
        find: 'tf.concat([ck, k], 2)',
        replace: 'tf.concat([k, ck], 2)',
        breaks: 'keys and values of the tokens have different places',
      },
      {
        name: 'attention/heads',
        find: '.transpose([0, 2, 1, 3])\n    .reshape',
        replace: '.reshape',
        breaks: 'the heads are not brought together again',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/unet.ts',
    ['test/nn/golden-networks.test.ts'],
    [
      {
        name: 'unet/sines-first',
        find: 'tf.concat([tf.cos(angles), tf.sin(angles)], 1)',
        replace: 'tf.concat([tf.sin(angles), tf.cos(angles)], 1)',
        breaks: 'sines come first in the embedding of the time',
      },
      {
        name: 'unet/scale-and-shift',
        find: 'film: { scale, shift }',
        replace: 'film: { scale: shift, shift: scale }',
        breaks: 'scale and shift of AdaGN are exchanged',
      },
      {
        name: 'unet/first-skip',
        find: 'kept.pop() as tf.Tensor4D',
        replace: '(kept.pop() as tf.Tensor4D).mul(0)',
        breaks: 'nothing skips the middle',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/unet.ts',
    [secondReading],
    [
      {
        name: 'unet/shared-projection',
        find: 'projectTokens(weights, sharedProjection, tokens)',
        replace: 'projectTokens(weights, sharedProjection, tokens.mul(0))',
        breaks: 'the shared projection does not see the condition',
      },
      {
        name: 'unet/block-projection',
        find: 'projectTokens(weights, blockProjection(block), condition)',
        replace: 'projectTokens(weights, blockProjection(block), condition.mul(0) as tf.Tensor3D)',
        breaks: "a block's own projection does not see the condition",
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/unet.ts',
    ['test/nn/unet/recompute.test.ts'],
    [
      {
        name: 'unet/recompute-without-condition',
        find: '...(condition && { condition })',
        replace: '...(condition && { condition: options.recompute ? tf.zerosLike(condition) : condition })',
        breaks: 'no gradient reaches the condition where blocks run again',
      },
    ],
  ),
  ...mutantsOf(
    'nn/weights.ts',
    ['test/nn/weights.test.ts'],
    [
      {
        name: 'weights/any-kernel',
        find: "parameter.kind === 'linear' && `${tensor.shape}`",
        replace: '`${tensor.shape}`',
        breaks: 'a tensor with an axis too many is read as a convolution',
      },
      {
        name: 'weights/no-convolution',
        find: '`${[...expected, 1]}`',
        replace: '`${[...expected, 2]}`',
        breaks: 'published linear layers, stored as convolutions of kernel 1, are refused',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/config.ts',
    [secondReading],
    [
      {
        name: 'unet/one-head',
        find: 'Math.max(1, Math.floor(channels / headChannels))',
        replace: 'Math.max(1, 0 * channels * headChannels)',
        breaks: 'attention has one head, whatever its channels',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/layout.ts',
    ['test/nn/unet/layout.test.ts'],
    [
      {
        name: 'layout/projection-in-blocks',
        find: "const own = config.conditionProjection === 'block';",
        replace: 'const own = true;',
        breaks: 'blocks have a projection that nothing uses beside the shared one',
      },
      {
        name: 'layout/uneven-channels',
        find: "config.conditionProjection === 'shared' && new Set(widths).size > 1",
        replace: "config.conditionProjection === 'shared' && new Set(widths).size > 2",
        breaks: 'a shared projection is accepted where it cannot fit',
      },
      {
        name: 'layout/middle-forgotten',
        find: '[...attention, multipliers.length - 1])]',
        replace: '[...attention])]',
        breaks: 'the channels of the middle block are not compared with the others',
      },
      {
        name: 'layout/uneven-heads',
        find: 'channels % headsOf(channels, config) !== 0',
        replace: 'channels % headsOf(channels, config) < 0',
        breaks: 'heads that do not divide the channels fail in the middle of a run',
      },
    ],
  ),
  ...mutantsOf(
    'nn/unet/layers.ts',
    ['test/nn/golden-networks.test.ts'],
    [
      {
        name: 'unet/groups',
        find: 'let divisor = Math.min(groups, channels);',
        replace: 'let divisor = Math.min(2 * groups, channels);',
        breaks: 'group norms have other groups',
      },
    ],
  ),
  ...mutantsOf(
    'nn/layers/batch-norm.ts',
    ['test/nn/golden-layers.test.ts', 'test/nn/golden-networks.test.ts'],
    [
      {
        name: 'batch-norm/momentum',
        find: 'momentum = 0.1',
        replace: 'momentum = 0.2',
        breaks: 'running statistics follow twice as fast',
      },
      {
        name: 'batch-norm/mean',
        find: 'tf.neg(tf.mul(mean, scale))',
        replace: 'tf.neg(mean)',
        breaks: 'the mean is not scaled',
      },
    ],
  ),
  ...mutantsOf(
    'nn/layers/prelu.ts',
    ['test/nn/golden-layers.test.ts'],
    [
      {
        name: 'prelu/gradient',
        find: 'tf.where(tf.greater(input, 0), dy, tf.mul(dy, slope))',
        replace: 'dy',
        breaks: 'the gradient passes as if PReLU were not there',
      },
    ],
  ),
  ...mutantsOf(
    'nn/recognizer/train-step.ts',
    ['test/activities/recognizer-train.test.ts'],
    [
      {
        name: 'train-step/nothing-spared',
        find: 'decayed: (name) => decayNorms || !spared.has(name)',
        replace: 'decayed: () => true',
        breaks: 'batch norms decay as well',
      },
      {
        name: 'train-step/accuracy',
        find: 'tf.equal(tf.argMax(scored.cosine, 1), labels)',
        replace: 'tf.equal(tf.argMax(scored.logits, 1), labels)',
        breaks: 'accuracy is judged with the margin',
      },
    ],
  ),
  ...mutantsOf(
    'nn/micro-batches.ts',
    ['test/methods/cemiface/train.test.ts', 'test/training/networks.test.ts'],
    [
      {
        name: 'micro-batches/sum-of-means',
        find: '(gradients[key] as tf.Tensor).div(microBatches).add(sum)',
        replace: '(gradients[key] as tf.Tensor).add(sum)',
        breaks: 'gradients of micro-batches are added up without their share',
      },
      {
        name: 'micro-batches/last-alone',
        find: 'const all = added(state, gradients);',
        replace: 'const all = gradients;',
        breaks: 'the last micro-batch alone moves the weights',
      },
    ],
  ),
  ...mutantsOf(
    'nn/diffusion/train-step.ts',
    ['test/methods/cemiface/train.test.ts'],
    [
      {
        name: 'diffusion-step/one-noise',
        find: 'statelessNormal([size * microBatches, ...shape], batch.noiseSeed as tf.Tensor1D)',
        replace:
          'statelessNormal([size * microBatches, ...shape], batch.noiseSeed as tf.Tensor1D).slice([0], [1]).tile([size * microBatches, 1, 1, 1])',
        breaks: 'all samples of a batch have one noise',
      },
    ],
  ),
  ...mutantsOf(
    'nn/parameter.ts',
    ['test/nn/golden-initialisation.test.ts'],
    [
      {
        name: 'parameters/fan-in',
        find: '1 / Math.sqrt(kernel * kernel * from)',
        replace: '1 / Math.sqrt(from)',
        breaks: 'first weights of convolutions are too large',
      },
    ],
  ),
  ...mutantsOf(
    'nn/parameters.ts',
    ['test/nn/golden-initialisation.test.ts'],
    [
      {
        name: 'parameters/half-uniform',
        find: '(2 * uniform() - 1) * init.bound',
        replace: 'uniform() * init.bound',
        breaks: 'first weights are all positive',
      },
    ],
  ),
];
