import { trained } from '../../core/estimate.ts';
import type { ProbeStage } from '../../core/probe.ts';
import { compileStep } from '../../nn/compile/index.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { seedTensor } from '../../nn/kernels/random.ts';
import { type Preset, type RecognizerConfig, recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications } from '../../nn/recognizer/layout.ts';
import type { Head } from '../../nn/recognizer/margin.ts';
import { type RecognizerTraining, recognizerPrograms, recognizerState } from '../../nn/recognizer/train-step.ts';
import { tf } from '../../nn/tf.ts';
import { sidesOf } from '../../training/estimates.ts';
import { noiseImages } from '../../training/probes.ts';

interface Params extends Head, PrecisionOption {
  readonly data: object;
  readonly second: { readonly data: object } | null;
  readonly network: { readonly preset: Preset } & Partial<Omit<RecognizerConfig, 'imageSize'>>;
  readonly batch: number;
  /** 0: the whole batch. */
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly clip: number;
}

/** A training step of one micro-batch, over all classes. Its rate is 0, so that noise cannot make the weights diverge. */
export const probe: ProbeStage<Params> = (params, known) => {
  const { data, second, network, loss, m, h, s, t_alpha, momentum, weightDecay, recompute, clip, precision } = params;
  const { preset, ...values } = network;
  const config = recognizerConfig(preset, { ...values, imageSize: sidesOf(data, known) });
  const classes = known.fact(data, 'identities') + (second ? known.fact(second.data, 'identities') : 0);
  const head = { loss, m, h, s, t_alpha };
  const training: RecognizerTraining = { config, head, classes, momentum, weightDecay, recompute, clip };
  const count = params.microBatch || params.batch;
  const batch = {
    images: noiseImages(count, config),
    labels: tf.zeros([count], 'int32'),
    rate: tf.scalar(0),
    dropoutSeed: seedTensor(1, 'dropout', 0),
  };
  const state = recognizerState(training, 1);
  const step = compileStep(recognizerPrograms(training), state, batch, { precision });
  tf.dispose(state);
  return {
    multiplyAdds: count * (trained(multiplications(config), params) + trained(config.embedding * classes)),
    run: () => void step.run(batch),
    dispose: () => {
      tf.dispose(batch);
      step.dispose();
    },
  };
};
