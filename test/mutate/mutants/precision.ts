import { type Mutant, mutantsOf } from '../mutant.ts';

const rewriting = 'test/nn/compile/precision.test.ts';

/** What mixed precision rounds, and that every stage has the precision that its spec states. */
export const precisionMutants: readonly Mutant[] = [
  ...mutantsOf(
    'nn/compile/precision.ts',
    [rewriting],
    [
      {
        name: 'precision/exact-ignored',
        find: "return node.rounding !== 'exact';",
        replace: 'return true;',
        breaks: 'exact products are rounded',
      },
      {
        name: 'precision/activation-ignored',
        find: "if (node.rounding === 'activation') this.place([index, 0], this.#low, true);",
        replace: '',
        breaks: 'what follows an exact product stays in float32',
      },
      {
        name: 'precision/rounded-constants',
        find: 'holds: (value) => (float32Bits(value) & 0xffff) === 0',
        replace: 'holds: () => true',
        breaks: 'constants that bfloat16 does not hold are rounded',
      },
      {
        name: 'precision/half-range',
        find: '(value === 0 || (Math.abs(value) >= 2 ** -14 && Math.abs(value) < 2 ** 16))',
        replace: 'value < 2 ** 99',
        breaks: 'constants beyond the range of float16 become infinite or zero',
      },
      {
        name: 'precision/half-in-own-kernels',
        find: "if (!this.#format.ownKernels && node.name.startsWith('Cemiflow')) return false;",
        replace: '',
        breaks: 'float16 asks for kernels that there are not',
      },
      {
        name: 'precision/no-followers',
        find: 'if (!followers.has(node.name) || floats.length === 0) return false;',
        replace: 'return false;',
        breaks: 'what lies between two products is cast there and back',
      },
      {
        name: 'precision/one-operand-is-enough',
        find: 'floats.every((source) => this.#lowered.has(`${source}`) || this.#isExactScalar(source))',
        replace: 'true',
        breaks: 'gradients drag the optimizer into bfloat16',
      },
      {
        name: 'precision/casts-again',
        find: 'if (known) return known;',
        replace: 'if (known && type === this.#typeOf(source)) return known;',
        breaks: 'a weight is cast wherever it is used',
      },
      {
        name: 'precision/statistics',
        find: 'CemiflowBatchNorm: { operands: [0], outputs: [0] }',
        replace: 'CemiflowBatchNorm: { operands: [0], outputs: [0, 1, 2] }',
        breaks: 'statistics of a normalisation are rounded',
      },
      {
        name: 'precision/low-results',
        find: 'rewriter.place(source, float())',
        replace: 'rewriter.place(source)',
        breaks: 'state and metrics come out in bfloat16',
      },
    ],
  ),
  ...mutantsOf(
    'training/recognizer.ts',
    ['test/activities/precision.test.ts', 'test/parameters/judging.test.ts'],
    [
      {
        name: 'precision/embedder',
        find: '{ precision },\n    );',
        replace: "{ precision: 'float32' },\n    );",
        breaks: 'every stage embeds in float32',
      },
    ],
  ),
  {
    name: 'precision/embedder-key',
    file: 'training/recognizer.ts',
    find: '`${digest} ${options.view} ${options.precision}`',
    replace: '`${digest} ${options.view}`',
    breaks: 'the next stage gets the embedder of another precision',
    tests: ['test/activities/recognizer.test.ts'],
  },
  {
    name: 'precision/sampler-key',
    file: 'methods/cemiface/generate/generator.ts',
    find: '${eta} ${epsilon} ${precision}`',
    replace: '${eta} ${epsilon}`',
    breaks: 'the sampler of another precision goes on',
    tests: ['test/methods/cemiface/shards.test.ts'],
  },
  {
    name: 'precision/diffusion-training',
    file: 'training/diffusion/train.ts',
    find: 'precision: options.precision',
    replace: "precision: 'float32'",
    breaks: 'generators are trained in float32',
    tests: ['test/activities/precision.test.ts', 'test/training/resume.test.ts'],
  },
  {
    name: 'precision/recognizer-training',
    file: 'activities/recognizer-train/stage.ts',
    find: 'example, { precision })',
    replace: 'example, {})',
    breaks: 'recognizers are trained in float32',
    tests: ['test/activities/precision.test.ts', 'test/training/resume.test.ts'],
  },
  ...mutantsOf(
    'nn/loss-scale.ts',
    ['test/nn/loss-scale.test.ts'],
    [
      {
        name: 'loss-scale/nothing-skipped',
        find: 'choose(finite, tensor, state[name] as tf.Tensor)',
        replace: 'tensor',
        breaks: 'a step whose gradients overflow destroys the weights',
      },
      {
        name: 'loss-scale/no-backoff',
        find: 'scale.mul(0.5)',
        replace: 'scale.clone()',
        breaks: 'every step after an overflow is skipped',
      },
      {
        name: 'loss-scale/counts-on',
        find: 'choose(finite, choose(grows, tf.zerosLike(counted), counted), tf.zerosLike(counted))',
        replace: 'choose(grows, tf.zerosLike(counted), counted)',
        breaks: 'a skipped step counts as finite',
      },
      {
        name: 'loss-scale/beyond-float32',
        find: 'tf.minimum(scale.mul(2), largest)',
        replace: 'scale.mul(2)',
        breaks: 'a scale becomes infinite and stays so',
      },
    ],
  ),
  ...mutantsOf(
    'nn/gradients.ts',
    ['test/nn/loss-scale.test.ts'],
    [
      {
        name: 'loss-scale/not-unscaled',
        find: 'grads.map((gradient) => gradient.div(lossScale))',
        replace: 'grads',
        breaks: 'the optimizer gets scaled gradients',
      },
    ],
  ),
  ...mutantsOf(
    'nn/micro-batches.ts',
    ['test/nn/loss-scale.test.ts'],
    [
      {
        name: 'loss-scale/statistics-of-overflow',
        find: 'guardOf(state, gradients).orBefore(changed)',
        replace: 'changed',
        breaks: 'statistics follow a micro-batch that overflowed',
      },
      {
        name: 'loss-scale/last-micro-batch-decides',
        find: 'const guard = guardOf(state, all);',
        replace: 'const guard = guardOf(state, gradients);',
        breaks: 'a sum that is not finite moves the weights',
      },
    ],
  ),
  {
    name: 'loss-scale/forgotten',
    file: 'nn/compile/step.ts',
    find: '{ ...scale, ...initial }',
    replace: '{ ...initial, ...scale }',
    breaks: 'a resumed training begins with the first scale',
    tests: ['test/nn/loss-scale.test.ts'],
  },
  {
    name: 'loss-scale/endless',
    file: 'training/finite.ts',
    find: 'value < smallestScale',
    replace: 'value < 0',
    breaks: 'a training whose gradients are never finite goes on to its end',
    tests: ['test/training/diverged.test.ts'],
  },
  {
    name: 'loss-scale/share-of-skipped',
    file: 'training/micro-batches.ts',
    find: 'means[name] === undefined ? 1',
    replace: 'means[name] === undefined ? microBatches.length',
    breaks: 'the log says a part of the scale',
    tests: ['test/training/micro-batches.test.ts'],
  },
  ...mutantsOf(
    'core/precision.ts',
    ['test/core/precision.test.ts'],
    [
      {
        name: 'precision/float32-in-tf32',
        find: "if (precision !== 'tf32' && tf32)",
        replace: "if (precision === 'float16' && tf32)",
        breaks: 'float32 is rounded to TF32 under its own key',
      },
      {
        name: 'precision/tf32-in-float32',
        find: "if (precision === 'tf32' && !tf32)",
        replace: "if (precision === 'tf32' && device === 'cpu')",
        breaks: 'float32 is kept under the key of tf32',
      },
    ],
  ),
  {
    name: 'precision/tf32-by-default',
    file: 'nn/device/flags.ts',
    find: "env.CEMIFLOW_TF32 === '1' ?",
    replace: "env.CEMIFLOW_TF32 !== '0' ?",
    breaks: 'GPU workers round float32 to TF32',
    tests: ['test/nn/device/device.test.ts'],
  },
  {
    name: 'precision/worker-takes-all',
    file: 'engine/make-action.ts',
    find: '    await requirePrecision(action.params, () => machineFor(kind, schema), nodeId);\n',
    replace: '',
    breaks: 'a CPU worker computes float16',
    tests: ['test/worker.test.ts'],
  },
  {
    name: 'precision/run-starts-all',
    file: 'client/launch.ts',
    find: '  checkPrecisions(plan, status, request.resources);\n',
    replace: '',
    breaks: 'workers are started for a stage that they refuse',
    tests: ['test/cli/launch.test.ts'],
  },
  {
    name: 'precision/replay-tf32',
    file: 'engine/replay/job.ts',
    find: "name !== 'tf32' || tensorflow.device === 'gpu'",
    replace: "name !== ''",
    breaks: 'older records of CPUs count as of another machine',
    tests: ['test/engine/replay-job.test.ts'],
  },
  {
    name: 'precision/replay-kernels',
    file: 'engine/replay/job.ts',
    find: "      tensorflow.kernels ?? 'composed',\n",
    replace: '',
    breaks: 'other kernels count as the same kind of machine',
    tests: ['test/engine/replay-job.test.ts'],
  },
];
