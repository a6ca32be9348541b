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
        find: 'return (bits & 0xffff) === 0;',
        replace: 'return bits >= 0;',
        breaks: 'constants that bfloat16 does not hold are rounded',
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
  {
    name: 'precision/replay-kernels',
    file: 'engine/replay/job.ts',
    find: "      tensorflow.kernels ?? 'composed',\n",
    replace: '',
    breaks: 'other kernels count as the same kind of machine',
    tests: ['test/engine/replay-job.test.ts'],
  },
];
