import { describe, expect, it } from 'vitest';
import type { AutoencoderConfig } from '../../../methods/idiff-face/autoencoder/config.ts';
import { encode } from '../../../methods/idiff-face/autoencoder/forward.ts';
import { autoencoderParameters, codebookName } from '../../../methods/idiff-face/autoencoder/layers.ts';
import { nearestCodes, quantise } from '../../../methods/idiff-face/autoencoder/quantise.ts';
import { autoencoderLoss } from '../../../methods/idiff-face/autoencoder/train-step.ts';
import { contextMask, contextOf } from '../../../methods/idiff-face/condition.ts';
import type { IDiffFaceNetwork } from '../../../methods/idiff-face/config.ts';
import { idiffFaceLoss } from '../../../methods/idiff-face/loss.ts';
import { decoderWeights, idiffFaceDenoiser, latentsOf } from '../../../methods/idiff-face/network.ts';
import type { ContextUNet } from '../../../methods/idiff-face/unet/config.ts';
import { cleanSamples } from '../../../nn/diffusion/prediction.ts';
import { linearSchedule } from '../../../nn/diffusion/schedule.ts';
import { ancestralUpdate } from '../../../nn/diffusion/steps.ts';
import { valueAndGradients } from '../../../nn/gradients.ts';
import { unitRows } from '../../../nn/layers/unit-rows.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import {
  cases,
  expectGolden,
  fillMap,
  fillParameters,
  fillTensor,
  golden,
  mapValues,
  storedValues,
  type Values,
} from '../../golden/values.ts';

/** Sizes and settings of `idiff_face_reading.py`. */
interface Case {
  readonly imageSize: number;
  readonly unet: ContextUNet;
  readonly autoencoder: AutoencoderConfig;
  readonly time: readonly number[];
  /** Rate of contextual partial dropout, and the entries that a draw of it kept. */
  readonly dropout: number;
  readonly kept: readonly (readonly number[])[];
  /** Time of the ancestral step. */
  readonly step: number;
  readonly beta: number;
  readonly timesteps: number;
}

const { imageSize, unet, autoencoder, time: times, dropout, kept, step, beta, timesteps }: Case = cases.idiffFace;
const network: IDiffFaceNetwork = { ...unet, imageSize, latentScale: 1, autoencoder };
const denoiser = idiffFaceDenoiser(network);
const weights = fillParameters(denoiser.parameters);
const parameters = autoencoderParameters(autoencoder);
const frozen = fillParameters(parameters);
const { alphaBar } = linearSchedule(timesteps);

const images = fillMap('images', [times.length, 3, imageSize, imageSize]);
const latentsNamed = (name: string): tf.Tensor4D => fillMap(name, [times.length, unet.channels, unet.side, unet.side]);
const noise = latentsNamed('noise');
const identity = unitRows(fillTensor('identity', [times.length, unet.identitySize]));
const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as Float32Array;
const values = (tensors: Tensors): Values => Object.fromEntries(Object.entries(tensors).map(([k, x]) => [k, read(x)]));

/** The mask of a draw that kept these entries: a number in [0, 1) below the rate drops one. */
const maskOf = (rows: Case['kept']): tf.Tensor2D => {
  const factors = rows.map((row) => {
    const draws = row.map((each) => (each === 1 ? dropout : 0));
    return contextMask(unet.conditionSize, dropout, () => draws.shift() as number);
  });
  return tf.tensor2d(factors.map((row) => [...row]));
};

describe('IDiff-Face as its paper and its published code have it', () => {
  it('one ancestral step: context, noise, what follows, and the image decoded from the nearest codes', () => {
    const x = latentsNamed('x');
    const epsilon = denoiser.predict(weights, x, tf.fill([times.length], step), { identity });
    const level = (t: number): tf.Scalar => tf.scalar(alphaBar[t] as number);
    const [own, next] = [level(step), level(step - 1)];
    const clean = cleanSamples(x, epsilon, own, denoiser);
    const moved = ancestralUpdate(x, clean, { alphaBar: own, nextAlphaBar: next }, noise);
    const decoded = denoiser.decode?.(decoderWeights(frozen), moved) as tf.Tensor;
    const { context, decoded: picture, ...wanted } = golden('idiff-face', 'sampling');
    expectGolden({ context: read(contextOf(weights, identity)) }, { context } as Values, 2e-6);
    expectGolden({ epsilon: mapValues(epsilon), next: mapValues(moved) }, wanted, 2e-5);
    // Ours clips what it decodes to the range of pixels.
    const clipped = Float32Array.from(picture as Float32Array, (value) => Math.max(-1, Math.min(1, value)));
    expectGolden({ decoded: mapValues(decoded) }, { decoded: clipped }, 1e-5);
    expect(new Set(clipped).size).toBeGreaterThan(100);
  });

  it('the context after partial dropout, the loss of the noise in latents, and its gradients', () => {
    const wanted = golden('idiff-face', 'training');
    const contextMask = maskOf(kept);
    const clean = latentsOf(frozen, images, network);
    expectGolden({ latents: mapValues(clean) }, { latents: wanted.latents } as Values, 1e-5);
    expectGolden(
      { context: read(contextOf(weights, identity, contextMask)) },
      { context: wanted.context } as Values,
      2e-6,
    );
    const loss = idiffFaceLoss(denoiser);
    const noising = {
      ...{ clean, noise, time: tf.tensor1d([...times]) },
      alphaBar: tf.tensor1d(times.map((t) => alphaBar[t] as number)),
    };
    const all = { ...weights, identity };
    const of = (w: Tensors): tf.Scalar =>
      loss(w, noising, { identity: w.identity as tf.Tensor, contextMask }, frozen).loss;
    expectGolden({ loss: read(of(all)) }, { loss: wanted['losses/loss'] } as Values, 1e-5);
    const { gradients } = valueAndGradients(of, all);
    const made = { ...storedValues(gradients, denoiser.parameters), identity: read(gradients.identity as tf.Tensor) };
    const stored = golden('idiff-face', 'training/gradient');
    expectGolden(only(made, Object.keys(stored)), stored, 5e-5);
    expect(Object.keys(stored).length).toBeGreaterThan(40);
  });

  it('the autoencoder: latents, the nearest codes, its loss, and the gradients of all parameters', () => {
    const wanted = golden('idiff-face', 'autoencoder');
    const of = (w: Tensors) => autoencoderLoss(w, images, { config: autoencoder, beta });
    const latents = encode(frozen, images, autoencoder);
    const codebook = frozen[codebookName] as tf.Tensor2D;
    const { latents: codes } = quantise(latents, codebook, beta);
    expectGolden({ latents: mapValues(latents) }, { latents: wanted.latents } as Values, 1e-5);
    expectGolden({ codes: mapValues(codes) }, { codes: wanted.codes } as Values, 1e-6);
    const numbers = nearestCodes(latents.reshape([-1, autoencoder.channels]) as tf.Tensor2D, codebook);
    expect([...numbers.dataSync()]).toEqual([...(wanted.numbers as Float32Array)]);
    expect(new Set(numbers.dataSync()).size).toBeGreaterThan(4);
    expectGolden(values(of(frozen)), golden('idiff-face', 'autoencoder/losses'), 1e-5);
    const { gradients } = valueAndGradients((w) => of(w).loss, frozen);
    expectGolden(storedValues(gradients, parameters), golden('idiff-face', 'autoencoder/gradient'), 5e-5);
  });
});

const only = (from: Values, names: readonly string[]): Values =>
  Object.fromEntries(names.map((name) => [name, from[name] as ArrayLike<number>]));
