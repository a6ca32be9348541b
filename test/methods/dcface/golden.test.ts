import { describe, expect, it } from 'vitest';
import {
  conditionParameters,
  conditionStatistics,
  identityConditions,
  isOfCondition,
  styleConditions,
  trainedConditions,
} from '../../../methods/dcface/condition.ts';
import type { DcFaceNetwork } from '../../../methods/dcface/config.ts';
import { dcfaceLoss } from '../../../methods/dcface/loss.ts';
import { dcfaceDenoiser } from '../../../methods/dcface/network.ts';
import { sinusoids } from '../../../methods/dcface/positions.ts';
import { styleMap } from '../../../methods/dcface/style.ts';
import { linearSchedule } from '../../../nn/diffusion/schedule.ts';
import type { Noising } from '../../../nn/diffusion/train-step.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import type { RecognizerConfig } from '../../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../../nn/recognizer/layout.ts';
import { embedView } from '../../../nn/recognizer/view.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import {
  cases,
  expectGolden,
  fillMap,
  fillParameters,
  golden,
  mapValues,
  storedValues,
  type Values,
} from '../../golden/values.ts';

/** Sizes and settings of `dcface_reading.py`. */
interface Case {
  readonly unet: UNetConfig & { readonly imageSize: number };
  readonly recognizer: RecognizerConfig;
  readonly grids: readonly number[];
  readonly time: readonly number[];
  readonly lambda: number;
  readonly timesteps: number;
}

const { unet, recognizer, grids, time: times, lambda, timesteps }: Case = cases.dcface;
const channels = recognizer.widths[0] as number;
const time = tf.tensor1d([...times]);
const frozen = fillParameters(recognizerParameters(recognizer), 'frozen.');
const imagesOf = (name: string): tf.Tensor4D => fillMap(name, [times.length, 3, unet.imageSize, unet.imageSize]);
const [images, identityImages, noise] = [imagesOf('images'), imagesOf('identityImages'), imagesOf('noise')];
const read = (tensor: tf.Tensor | undefined): Float32Array => (tensor as tf.Tensor).dataSync() as Float32Array;
const values = (tensors: Tensors): Values => Object.fromEntries(Object.entries(tensors).map(([k, x]) => [k, read(x)]));

// Nothing is dropped: dropout needs random numbers.
const networkOf = (grid: number): DcFaceNetwork => ({
  ...{ ...unet, identity: recognizer },
  style: { channels, grid, dropout: 0 },
});

/** Weights and running statistics of a network. */
const filled = (network: DcFaceNetwork): { weights: Tensors; statistics: Tensors } => ({
  weights: fillParameters(dcfaceDenoiser(network).parameters),
  statistics: fillParameters(conditionStatistics(network)),
});

// Made here, outside of what gradients are taken of: the loss compares with them as constants.
const batch: Tensors = {
  ...{ images, identityImages },
  own: embedView(frozen, images, recognizer, 'plain'),
  subject: embedView(frozen, identityImages, recognizer, 'plain'),
  noiseSeed: tf.tensor1d([1, 2], 'int32'),
};

describe.each(grids)('DCFace as its paper and its published code have it, grid %d', (grid) => {
  const network = networkOf(grid);
  const { weights, statistics } = filled(network);
  const trained = golden('dcface', `training/${grid}`);
  const partOf = (prefix: string): Values => under(prefix, trained);

  it('by running statistics: what joins the time, tokens of identity and of style, and the output with them', () => {
    const conditions = {
      ...identityConditions(weights, statistics, identityImages, network),
      ...styleConditions(weights, statistics, styleMap(frozen, images, recognizer), network),
    };
    const output = dcfaceDenoiser(network).predict(weights, noise, time, conditions);
    const { identity, ...tokens } = values(conditions);
    const { output: wanted, ...wantedConditions } = golden('dcface', `inference/${grid}`);
    expectGolden({ added: identity as Float32Array, ...tokens }, wantedConditions, 5e-6);
    expectGolden({ output: mapValues(output) }, { output: wanted as ArrayLike<number> }, 2e-5);
  });

  it('reads the styles of a map of 56 × 56, which the grid does not divide', () => {
    const conditions = styleConditions(weights, statistics, fillMap('map', [1, channels, 56, 56]), network);
    const wanted = { styleTokens: golden('dcface', 'paperMap')[grid] as ArrayLike<number> };
    expectGolden(values(conditions), wanted, 5e-6);
  });

  it('in training: the same conditions by the statistics of the batch, and running statistics after it', () => {
    const made = trainedConditions(weights, statistics, batch, styleMap(frozen, images, recognizer), network);
    const { identity, ...tokens } = values(made.conditions);
    expectGolden({ added: identity as Float32Array, ...tokens }, partOf('conditions'), 5e-5);
    expectGolden(values(made.statistics), partOf('statistics'), 5e-6);
  });

  it('the loss, and its gradients by the parameters of each part and by both images', () => {
    const denoiser = dcfaceDenoiser(network);
    const { alphaBar } = linearSchedule(timesteps);
    const loss = dcfaceLoss({
      ...{ network, denoiser, lambda, timesteps },
      embed: (w, x) => embed(w, x, recognizer),
      styleMap: (w, x) => styleMap(w, x, recognizer),
    });
    const of = (w: Tensors): ReturnType<typeof loss> => {
      const noising: Noising = {
        clean: w.images as tf.Tensor4D,
        ...{ noise, time },
        alphaBar: tf.tensor1d(times.map((t) => alphaBar[t] as number)),
      };
      return loss(
        w,
        noising,
        { ...batch, images: w.images as tf.Tensor, identityImages: w.identityImages as tf.Tensor },
        frozen,
        statistics,
      );
    };
    const all = { ...weights, images, identityImages };
    const parts = of(all);
    expectGolden(values(only(parts, ['loss', 'mse', 'identity'])), partOf('losses'), 1e-5);
    const { gradients } = valueAndGradients((w) => of(w).loss, all);
    const made: Values = {
      ...storedValues(gradients, denoiser.parameters),
      images: mapValues(gradients.images as tf.Tensor),
      identityImages: mapValues(gradients.identityImages as tf.Tensor),
    };
    const wanted = partOf('gradient');
    // Each part alone: small differences are measured against the largest gradient of those compared.
    const seen = [/^label_mapping/, /^external_mapping/, /[iI]mages$/, /^(?!label_|external_)(?!.*[iI]mages$)/].map(
      (part) => {
        const names = Object.keys(wanted).filter((name) => part.test(name));
        expectGolden(only(made, names), only(wanted, names), 1e-4);
        return names.length;
      },
    );
    expect(Math.min(...seen)).toBeGreaterThan(1);
    expect(seen.reduce((a, b) => a + b)).toBe(Object.keys(wanted).length);
  });
});

describe('the parameters that are stored as they are last, not averaged', () => {
  it('are those of E_id, of E_sty and of the projection of tokens, which is a layer of E_sty in the published code', () => {
    const network = networkOf(3);
    const last = dcfaceDenoiser(network).parameters.filter(({ name }) => isOfCondition(name));
    expect(last.map(({ name }) => name).sort()).toEqual(
      [
        ...conditionParameters(network).map(({ name }) => name),
        'cross_attn_adapter.bias',
        'cross_attn_adapter.weight',
      ].sort(),
    );
  });
});

describe('learned positions', () => {
  it('begin as sines and cosines minus one half', () => {
    const rows = sinusoids(50, 512);
    const row = (k: number): Float32Array => rows.subarray(k * 512, (k + 1) * 512);
    expectGolden(
      { '10x16': sinusoids(10, 16), '50x512': Float32Array.of(...row(1), ...row(49)) },
      golden('dcface', 'positions'),
      1e-6,
    );
  });
});

/** Entries under `prefix/`, without it. */
const under = (prefix: string, from: Values): Values =>
  Object.fromEntries(
    Object.entries(from).flatMap(([name, each]) =>
      name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), each] as const] : [],
    ),
  );

const only = <T>(from: { readonly [name: string]: T }, names: readonly string[]): { [name: string]: T } =>
  Object.fromEntries(names.map((name) => [name, from[name] as T]));
