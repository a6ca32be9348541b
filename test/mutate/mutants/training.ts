import { type Mutant, mutantsOf } from '../mutant.ts';

const plan = 'test/training/diffusion/plan.test.ts';
const train = 'test/methods/cemiface/train.test.ts';
const generate = 'test/methods/cemiface/generate.test.ts';

/** What every training and every generation shares. */
export const trainingMutants: readonly Mutant[] = [
  ...mutantsOf(
    'training/planner.ts',
    ['test/training/planner.test.ts'],
    [
      {
        name: 'planner/one-order',
        find: 'permutation(images, seed, tag, epoch)',
        replace: 'permutation(images, seed, tag, 0)',
        breaks: 'every epoch has the same order',
      },
      {
        name: 'planner/no-order',
        find: 'permutation(images, seed, tag, epoch)',
        replace: 'Int32Array.from({ length: images }, (_, i) => i)',
        breaks: 'images are taken in the order of the set',
      },
      {
        name: 'planner/one-seed',
        find: 'permutation(images, seed, tag, epoch)',
        replace: 'permutation(images, 0, tag, epoch)',
        breaks: 'every seed has the same order',
      },
      {
        name: 'planner/overlap',
        find: '(step % this.stepsPerEpoch) * this.#batch',
        replace: '(step % this.stepsPerEpoch) * (this.#batch - 1)',
        breaks: 'batches overlap by one image',
      },
      {
        name: 'planner/fewer-steps',
        find: 'Math.floor(images / batch)',
        replace: 'Math.floor((images - 1) / batch)',
        breaks: 'the last batch of an epoch is left out where it is complete',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/plan.ts',
    [plan],
    [
      {
        name: 'diffusion-plan/early-times',
        find: 'Math.floor(uniform() * timesteps)',
        replace: 'Math.floor(uniform() * timesteps / 2)',
        breaks: 't comes from the first half of the schedule',
      },
      {
        name: 'diffusion-plan/last-time',
        find: 'uniform() * timesteps)',
        replace: 'uniform() * (timesteps - 1))',
        breaks: 't = T − 1 is never drawn',
      },
      {
        name: 'diffusion-plan/squared-times',
        find: 'Math.floor(uniform() * timesteps)',
        replace: 'Math.floor(uniform() ** 2 * timesteps)',
        breaks: 'early times are drawn more often',
      },
      {
        name: 'diffusion-plan/one-order',
        find: 'this.#planner.at(step).rows',
        replace: 'this.#planner.at(step % this.#planner.stepsPerEpoch).rows',
        breaks: 'every epoch has the same order',
      },
      {
        name: 'diffusion-plan/one-draw',
        find: "randomStream(this.#seed, 'diffusion batch', step)",
        replace: "randomStream(this.#seed, 'diffusion batch', 0)",
        breaks: 'every step draws the same t, m and mirroring',
      },
      {
        name: 'diffusion-plan/not-mirrored',
        find: 'image.mirrored ? 1 : 0',
        replace: '0',
        breaks: 'images are not mirrored though their embeddings are',
      },
      {
        name: 'diffusion-plan/alpha-bar',
        find: 'alphaBar[i] = this.#alphaBar[t] as number;',
        replace: 'alphaBar[i] = this.#alphaBar[Math.max(0, t - 1)] as number;',
        breaks: 'ᾱ is that of the time before',
      },
      {
        name: 'diffusion-plan/no-average',
        find: 'emaDecay: emaDecay(step, emaMaximum)',
        replace: 'emaDecay: 0',
        breaks: 'the moving average is the weights themselves',
      },
      {
        name: 'diffusion-plan/average-unlimited',
        find: 'emaDecay(step, emaMaximum)',
        replace: 'emaDecay(step)',
        breaks: 'emaMaximum is ignored',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/rate.ts',
    [plan],
    [
      {
        name: 'diffusion-rate/no-decay',
        find: "if (decay === 'constant') return lr;",
        replace: 'if (decay) return lr;',
        breaks: 'the cosine decay is ignored',
      },
      {
        name: 'diffusion-rate/no-warmup',
        find: 'return (lr * (step + 1)) / warmup;',
        replace: 'return lr;',
        breaks: 'the rate does not warm up',
      },
      {
        name: 'diffusion-rate/whole-cosine',
        find: '(Math.PI * (step - warmup))',
        replace: '(2 * Math.PI * (step - warmup))',
        breaks: 'the rate rises again after half time',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/train.ts',
    [train],
    [
      {
        name: 'diffusion-train/weight-decay',
        find: 'weightDecay: options.weightDecay',
        replace: 'weightDecay: 0',
        breaks: 'weights do not decay',
      },
      {
        name: 'diffusion-train/one-noise',
        find: "seedTensor(seed, 'diffusion noise', step)",
        replace: "seedTensor(seed, 'diffusion noise', 0)",
        breaks: 'every step adds the same noise',
      },
      {
        name: 'diffusion-train/rate',
        find: 'rate: tf.scalar(plan.rate)',
        replace: 'rate: tf.scalar(options.lr)',
        breaks: 'warm-up and decay of the rate are ignored',
      },
    ],
  ),
  ...mutantsOf(
    'training/identity-table.ts',
    [train],
    [
      {
        name: 'identity-table/mirrored',
        find: 'mirrored ? this.#mirrored : this.#plain',
        replace: 'mirrored ? this.#plain : this.#plain',
        breaks: 'a mirror image has the embedding of the image',
      },
      {
        name: 'identity-table/view',
        find: "embedAll(input, data, recognizer, { view: 'mirrored', ...options })",
        replace: "embedAll(input, data, recognizer, { view: 'plain', ...options })",
        breaks: 'embeddings of mirror images are those of the images',
      },
      {
        name: 'identity-table/row',
        find: 'table.subarray(row * this.size, (row + 1) * this.size)',
        replace: 'table.subarray(0, this.size)',
        breaks: 'every image has the identity of the first',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/sample.ts',
    [generate],
    [
      {
        name: 'sample/noise-of-image',
        find: "randomStream(seed, 'generate', slot.identity, noiseNumber(slot, job))",
        replace: "randomStream(seed, 'generate', slot.identity, 0)",
        breaks: 'all images of a subject have one noise',
      },
      {
        name: 'sample/noise-of-identity',
        find: "randomStream(seed, 'generate', slot.identity, noiseNumber(slot, job))",
        replace: "randomStream(seed, 'generate', 0, noiseNumber(slot, job))",
        breaks: 'all subjects have the same noise',
      },
      {
        name: 'sample/noise-of-seed',
        find: "randomStream(seed, 'generate', slot.identity, noiseNumber(slot, job))",
        replace: "randomStream(0, 'generate', slot.identity, noiseNumber(slot, job))",
        breaks: 'every seed has the same noise',
      },
      {
        name: 'sample/pixel-scale',
        find: '(from[k] as number) + 1) * 127.5)',
        replace: '(from[k] as number) + 1) * 128)',
        breaks: 'pixels are x · 128 + 128',
      },
      {
        name: 'sample/pixels-cut-off',
        find: 'Math.round(((from[k] as number) + 1) * 127.5)',
        replace: 'Math.floor(((from[k] as number) + 1) * 127.5)',
        breaks: 'pixels are rounded down',
      },
    ],
  ),
  ...mutantsOf(
    'training/log.ts',
    ['test/activities/recognizer.test.ts'],
    [
      {
        name: 'log/sum',
        find: '{ [name]: sum / this.#count }',
        replace: '{ [name]: sum }',
        breaks: 'the log shows sums, not means',
      },
    ],
  ),
  ...mutantsOf(
    'training/micro-batches.ts',
    ['test/training/micro-batches.test.ts'],
    [
      {
        name: 'micro-batches/no-sum',
        find: 'microBatch.index < last ? accumulating(program) : program',
        replace: 'program',
        breaks: 'every micro-batch moves the weights',
      },
      {
        name: 'micro-batches/rows',
        find: 'rows.first * size, (rows.first + rows.count) * size',
        replace: '0, rows.count * size',
        breaks: 'all micro-batches hold the first images',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/train.ts',
    [train],
    [
      {
        name: 'diffusion-train/noise-of-micro-batches',
        find: "{ first: tf.scalar(microBatch.first, 'int32') }",
        replace: "{ first: tf.scalar(0, 'int32') }",
        breaks: 'every micro-batch adds the noise of the first',
      },
      {
        name: 'diffusion-train/arrays-of-micro-batches',
        find: 'tf.tensor(rowsOf(values, batch, microBatch), shape)',
        replace: 'tf.tensor(rowsOf(values, batch, { ...microBatch, first: 0 }), shape)',
        breaks: 'every micro-batch has the conditions and times of the first',
      },
      {
        name: 'diffusion-train/seed-of-weights',
        find: 'initialise(absent, seed)',
        replace: 'initialise(absent, 0)',
        breaks: 'every seed begins with the same weights',
      },
    ],
  ),
  ...mutantsOf(
    'training/diffusion/sample.ts',
    [generate],
    [
      {
        name: 'sample/conditions-of-image',
        find: 'job.conditionsOf(slot.identity, slot.image)',
        replace: 'job.conditionsOf(slot.identity, 0)',
        breaks: 'all images of a grid have the conditions of its first',
      },
      {
        name: 'sample/one-slot',
        find: 'if (of) values.set(of[name] as ArrayLike<number>, at * size);',
        replace: 'if (of) values.set(given[0]?.[name] ?? (of[name] as ArrayLike<number>), at * size);',
        breaks: 'all images of a batch have the conditions of its first',
      },
      {
        name: 'sample/last-level',
        find: 'nextAlphaBar: tf.scalar(at.nextAlphaBar)',
        replace: 'nextAlphaBar: tf.scalar(Math.min(0.99, at.nextAlphaBar))',
        breaks: 'noise is left in the images',
      },
      {
        name: 'sample/time',
        find: 'time: tf.scalar(at.time)',
        replace: 'time: tf.scalar(at.time + 1)',
        breaks: 'the network is told another time',
      },
    ],
  ),
];
