import { type Mutant, mutantsOf } from '../mutant.ts';

const stages = 'test/activities/recognizer-validation.test.ts';
const choice = 'test/training/validation.test.ts';
const resume = 'test/training/resume.test.ts';
const findings = 'test/provenance/findings.test.ts';

/** Choosing an epoch on validation sets, and scaling the learning rate. */
export const validationMutants: readonly Mutant[] = [
  ...mutantsOf(
    'activities/recognizer-train/validation.ts',
    [stages],
    [
      {
        name: 'validation/no-flip',
        find: "new Embedder({ config, weights }, { view: 'both', precision })",
        replace: "new Embedder({ config, weights }, { view: 'plain', precision })",
        breaks: 'the mirror image is left out',
      },
      {
        name: 'validation/first-set',
        find: 'return mean(accuracies);',
        replace: 'return accuracies[0] as number;',
        breaks: 'the first set alone decides',
      },
      {
        name: 'validation/best-set',
        find: 'return mean(accuracies);',
        replace: 'return Math.max(...accuracies);',
        breaks: 'the highest accuracy of a set counts',
      },
      {
        name: 'validation/every-epoch',
        find: 'done % (stepsPerEpoch * validateEvery) === 0',
        replace: 'done % stepsPerEpoch === 0',
        breaks: 'validateEvery is ignored',
      },
      {
        name: 'validation/without-last',
        find: 'done === steps || (done > 0 && done % (stepsPerEpoch * validateEvery) === 0)',
        replace: 'done > 0 && done % (stepsPerEpoch * validateEvery) === 0',
        breaks: 'the last epoch is left out where validateEvery does not divide the epochs',
      },
      {
        name: 'validation/before-training',
        find: 'done === steps || (done > 0 && ',
        replace: 'done === steps || (',
        breaks: 'the network is validated before it has learned anything',
      },
      {
        name: 'validation/nothing-required',
        find: "if (validation || (keep === 'last' && !plateau)) return;",
        replace: 'if (validation || keep) return;',
        breaks: 'keep: best without validation silently keeps the last epoch',
      },
    ],
  ),
  ...mutantsOf(
    'activities/recognizer-train/stage.ts',
    [stages],
    [
      {
        name: 'validation/epoch-from-zero',
        find: 'epoch: best.step / stepsPerEpoch,',
        replace: 'epoch: best.step / stepsPerEpoch - 1,',
        breaks: 'the manifest names the epoch before',
      },
      {
        name: 'validation/always-chosen',
        find: "const best = keep === 'best' && validation ?",
        replace: 'const best = validation ?',
        breaks: 'the manifest says that the last epoch was chosen',
      },
      {
        name: 'lr-batch/ignored',
        find: 'rateAt({ rate: scaled,',
        replace: 'rateAt({ rate: lr,',
        breaks: 'lrBatch is ignored',
      },
      {
        name: 'lr-batch/micro-batch',
        find: 'scaledRate(lr, batch, lrBatch)',
        replace: 'scaledRate(lr, params.microBatch || batch, lrBatch)',
        breaks: 'the rate follows the micro-batch, not the batch that a step moves by',
      },
    ],
  ),
  ...mutantsOf(
    'nn/optim/sgd.ts',
    ['test/nn/optim/sgd.test.ts'],
    [
      {
        name: 'lr-batch/inverse',
        find: '(rate * batch) / meantFor',
        replace: '(rate * meantFor) / batch',
        breaks: 'the rate falls as the batch grows',
      },
      {
        name: 'lr-batch/root',
        find: '(rate * batch) / meantFor',
        replace: 'rate * Math.sqrt(batch / meantFor)',
        breaks: 'the rate follows the root of the batch',
      },
      {
        name: 'lr-batch/always',
        find: 'meantFor > 0 ? (rate * batch) / meantFor : rate',
        replace: '(rate * batch) / (meantFor || 512)',
        breaks: 'the rate is scaled where nobody asked for it',
      },
    ],
  ),
  ...mutantsOf(
    'training/validation.ts',
    [choice],
    [
      {
        name: 'choice/last-of-equals',
        find: 'judged.values.indexOf(',
        replace: 'judged.values.lastIndexOf(',
        breaks: 'the last of equally good epochs is taken',
      },
      {
        name: 'choice/worst',
        find: 'Math.max(...judged.values)',
        replace: 'Math.min(...judged.values)',
        breaks: 'the worst epoch is taken',
      },
      {
        name: 'choice/newest',
        find: "if (keep === 'best' && bestOf(this.#log.series)?.step === done) this.#best = arrays;",
        replace: "if (keep === 'best') this.#best = arrays;",
        breaks: 'the weights are those of the last epoch, whatever the manifest says',
      },
      {
        name: 'choice/last-kept',
        find: "return this.#validation.keep === 'best' ? stateTensors(this.#best) : undefined;",
        replace: 'return stateTensors(this.#best);',
        breaks: 'keep: last gives no weights',
      },
      {
        name: 'choice/first-attempt-alone',
        find: 'isOfBest(name) ? [[name.slice(prefix.length), array]] : []',
        replace: 'isOfBest(name) ? [] : []',
        breaks: 'a resumed training forgets the best epoch so far',
      },
      {
        name: 'choice/shared-arrays',
        find: '{ ...array, data: array.data.slice() }',
        replace: 'array',
        breaks: 'the best weights are given away with a checkpoint',
      },
      {
        name: 'choice/not-finite',
        find: 'checkFinite(arrays, done, this.#lr);',
        replace: '',
        breaks: 'a network that is not finite is validated',
      },
    ],
  ),
  ...mutantsOf(
    'training/loop.ts',
    [resume],
    [
      {
        name: 'loop/checkpoint-without-best',
        find: '...validator?.arrays, ',
        replace: '',
        breaks: 'checkpoints do not hold the best weights so far',
      },
      {
        name: 'loop/resumed-not-validated',
        find: 'await lookOrLeave(done - 1);',
        replace: 'if (done - 1 > from) await lookOrLeave(done - 1);',
        breaks: 'an epoch after whose last step the training was stopped is not validated',
      },
      {
        name: 'loop/stopped-in-validation',
        find: 'orLeave(look(done), done)',
        replace: 'look(done)',
        breaks: 'a training that is asked to stop while it validates leaves no checkpoint',
      },
      {
        name: 'loop/history-lost',
        find: 'notes: log.state',
        replace: 'notes: {}',
        breaks: 'a resumed training has lost its log',
      },
      {
        name: 'loop/batches-from-first',
        find: 'training.batches(from)',
        replace: 'training.batches(0)',
        breaks: 'a resumed training sees the first batches again',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/findings/selection.ts',
    [findings],
    [
      {
        name: 'selection-finding/no-epochs',
        find: ': await decisiveIn(each, store);',
        replace: ': [];',
        breaks: 'a recognizer may be scored on what its epoch was chosen by',
      },
      {
        name: 'selection-finding/any-validation',
        find: 'each.digest === digest',
        replace: 'each.digest.length > 0',
        breaks: 'validation that was only logged counts as a choice',
      },
      {
        name: 'selection-finding/own-node-twice',
        find: 'choosers.filter(({ id }) => id !== model)',
        replace: 'choosers',
        breaks: 'a recognizer is said to depend on itself',
      },
    ],
  ),
];
