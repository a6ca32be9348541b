import { describe, expect, it } from 'vitest';
import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import { cemifaceMultiplications, cemifaceSize } from '../../methods/cemiface/count.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { conditionStatistics, identityConditions, styleConditions } from '../../methods/dcface/condition.ts';
import {
  dcfaceMultiplications,
  dcfaceSize,
  identityMultiplications,
  styleMultiplications,
} from '../../methods/dcface/count.ts';
import { dcfaceDenoiser } from '../../methods/dcface/network.ts';
import { styleMap } from '../../methods/dcface/style.ts';
import { decoderMultiplications, encoderMultiplications } from '../../methods/idiff-face/autoencoder/count.ts';
import { decode, encode } from '../../methods/idiff-face/autoencoder/forward.ts';
import { autoencoderParameters } from '../../methods/idiff-face/autoencoder/layers.ts';
import { nearest } from '../../methods/idiff-face/autoencoder/quantise.ts';
import { contextOf } from '../../methods/idiff-face/condition.ts';
import { unetMultiplications as contextMultiplications, unetSize } from '../../methods/idiff-face/unet/count.ts';
import { unetParameters as contextParameters } from '../../methods/idiff-face/unet/layout.ts';
import { contextUNet } from '../../methods/idiff-face/unet/unet.ts';
import * as vae from '../../methods/synface/vae/count.ts';
import { decode as draw, encode as infer } from '../../methods/synface/vae/forward.ts';
import { vaeParameters } from '../../methods/synface/vae/layers.ts';
import { initialise, type Parameter, parameterCount } from '../../nn/parameters.ts';
import { embed } from '../../nn/recognizer/backbone.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications, recognizerParameters } from '../../nn/recognizer/layout.ts';
import { type Tensors, tf } from '../../nn/tf.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { unetSize as plainSize, unetMultiplications } from '../../nn/unet/count.ts';
import { unetParameters } from '../../nn/unet/layout.ts';
import { unet } from '../../nn/unet/unet.ts';
import { measuredMultiplications } from '../helpers/measured-multiplications.ts';
import { tinyNetwork } from '../methods/dcface/tiny.ts';
import { tinyAutoencoder, tinyUNet } from '../methods/idiff-face/tiny.ts';
import { tinyVae } from '../methods/synface/tiny.ts';

/** Two images, so that what is done once for a batch shows. */
const batch = 2;
const noise = (...shape: number[]): tf.Tensor => tf.randomNormal([batch, ...shape], 0, 1, 'float32', 1);
const time = (): tf.Tensor1D => tf.tensor1d([3, 7]);

/** Multiplications for one image. */
const measured = (parameters: readonly Parameter[], body: (weights: Tensors) => tf.Tensor | tf.Tensor[]): number => {
  const weights = initialise(parameters, 1);
  try {
    return measuredMultiplications(() => body(weights)) / batch;
  } finally {
    tf.dispose(weights);
  }
};

describe('a recognizer', () => {
  const tiny = {
    widths: [8, 16],
    depths: [2, 1],
    strides: [2, 2],
    stemWidth: 8,
    embedding: 12,
    imageSize: [20, 12],
  } as const;
  it.each(['ir', 'ir_se', 'iresnet'] as const)('%s: every multiplication is counted', (variant) => {
    const config = recognizerConfig('small', { ...tiny, variant });
    const found = measured(recognizerParameters(config), (w) => embed(w, noise(20, 12, 3) as tf.Tensor4D, config));
    expect(multiplications(config)).toBe(found);
  });
});

describe('the denoising UNet', () => {
  const config: Omit<UNetConfig, 'conditionProjection'> = {
    imageSize: [12, 20],
    ...{ patch: 1, base: 8, multipliers: [1, 2, 2], blocks: 1, attention: [1, 2], headChannels: 8 },
    ...{ groups: 4, conditionSize: 6, prediction: 'epsilon' },
  };
  const tokens = (): tf.Tensor3D => noise(3, 6) as tf.Tensor3D;

  it.each(['shared', 'block'] as const)(
    'tokens projected by %s: every multiplication is counted',
    (conditionProjection) => {
      const own = { ...config, conditionProjection };
      const found = measured(unetParameters(own), (w) =>
        unet(w, noise(12, 20, 3) as tf.Tensor4D, time(), tokens(), own),
      );
      expect(unetMultiplications(own, 3)).toBe(found);
    },
  );

  it('without tokens, and with pixels in channels', () => {
    const own = { ...config, patch: 2, conditionProjection: 'none' } as const;
    const found = measured(unetParameters(own), (w) =>
      unet(w, noise(12, 20, 3) as tf.Tensor4D, time(), undefined, own),
    );
    expect(unetMultiplications(own)).toBe(found);
    expect(plainSize(own)).toBe(parameterCount(unetParameters(own)));
  });

  it('of the first residual block alone, by hand', () => {
    // 4 × 4 places: a convolution in (9·3·8), two of 8 channels (9·64 each), one out (9·8·3); in each of the two residual blocks of
    // the middle and the two of the way up, of which the latter take 16 channels and have a skip (16·8), the same or twice as much.
    const own = { ...config, imageSize: 4, multipliers: [1], attention: [], conditionProjection: 'none' } as const;
    const places = 16 * (9 * 3 * 8 + 9 * 8 * 3);
    const plain = 16 * 2 * 9 * 64 + 32 * 2 * 8;
    const joined = 16 * (9 * 128 + 9 * 64 + 128) + 32 * 2 * 8;
    const attention = 4 * 16 * 64 + 2 * 16 * 16 * 8;
    const embedding = 8 * 32 + 32 * 32;
    expect(unetMultiplications(own)).toBe(places + 3 * plain + 2 * joined + attention + embedding);
  });
});

describe('CemiFace', () => {
  it('every multiplication of the denoiser is counted, its condition among them, and every parameter', () => {
    const config: CemiFaceNetwork = {
      ...{
        imageSize: 16,
        patch: 2,
        base: 8,
        multipliers: [1, 2],
        blocks: 1,
        attention: [1],
        headChannels: 8,
        groups: 4,
      },
      ...{ conditionSize: 6, conditionProjection: 'shared', prediction: 'epsilon' },
      ...{ identitySize: 5, identityScale: 1, conditionTokens: 3 },
    };
    const { parameters, predict } = cemifaceDenoiser(config);
    const found = measured(parameters, (w) =>
      predict(w, noise(16, 16, 3) as tf.Tensor4D, time(), { identity: noise(5), m: tf.tensor1d([0, 0.5]) }),
    );
    expect(cemifaceMultiplications(config)).toBe(found);
    expect(cemifaceSize(config)).toBe(parameterCount(parameters));
  });
});

describe('DCFace', () => {
  const { parameters, predict, conditions } = dcfaceDenoiser(tinyNetwork);
  const { imageSize, identity } = tinyNetwork;
  const images = (): tf.Tensor4D => noise(imageSize, imageSize, 3) as tf.Tensor4D;
  const all = [...parameters, ...conditionStatistics(tinyNetwork)];

  it('every multiplication of the UNet, of the identity and of the style is counted', () => {
    const given = (): Tensors =>
      Object.fromEntries(Object.entries(conditions).map(([name, shape]) => [name, noise(...shape)]));
    expect(dcfaceMultiplications(tinyNetwork)).toBe(measured(all, (w) => predict(w, images(), time(), given())));
    expect(identityMultiplications(tinyNetwork)).toBe(
      measured(all, (w) => Object.values(identityConditions(w, w, images(), tinyNetwork))),
    );
    const recognizer = initialise(recognizerParameters(identity), 2);
    const styled = measured(all, (w) =>
      Object.values(styleConditions(w, w, styleMap(recognizer, images(), identity), tinyNetwork)),
    );
    tf.dispose(recognizer);
    // The map is cut to what the grid divides before the convolution of 1 × 1; the count takes the whole map.
    expect(styleMultiplications(tinyNetwork) / styled).toBeGreaterThanOrEqual(1);
    expect(styleMultiplications(tinyNetwork) / styled).toBeLessThan(1.1);
  });

  it('nearly every parameter is counted: not those of positions and norms of the condition', () => {
    const share = dcfaceSize(tinyNetwork) / parameterCount(all);
    expect(share).toBeGreaterThan(0.97);
    expect(share).toBeLessThanOrEqual(1);
  });
});

describe('IDiff-Face', () => {
  it('every multiplication of the UNet is counted, also where an odd size cannot be halved', () => {
    for (const side of [6, 8]) {
      const config = { ...tinyUNet, side, multipliers: [1, 2, 2], attention: [1, 2] };
      const found = measured(contextParameters(config), (w) => {
        const context = contextOf(w, noise(6) as tf.Tensor2D, undefined);
        return contextUNet(w, noise(side, side, 3) as tf.Tensor4D, time(), context, config);
      });
      expect(contextMultiplications(config)).toBe(found);
    }
  });

  it('the paper’s UNet has its 216.3 million parameters', () => {
    const paper = {
      base: 96,
      multipliers: [1, 2, 4, 8],
      blocks: 2,
      attention: [1, 2, 3],
      headChannels: 32,
      groups: 32,
    };
    const config = { ...paper, side: 32, channels: 3, identitySize: 512, conditionSize: 256, conditionTokens: 32 };
    expect(unetSize({ ...config, prediction: 'epsilon' }) / 1e6).toBeCloseTo(216.3, 1);
  });

  it('every multiplication of the autoencoder is counted', () => {
    const parameters = autoencoderParameters(tinyAutoencoder);
    const sides = { height: 12, width: 8 };
    const encoded = measured(parameters, (w) => encode(w, noise(12, 8, 3) as tf.Tensor4D, tinyAutoencoder));
    expect(encoderMultiplications(tinyAutoencoder, sides)).toBe(encoded);
    const decoded = measured(parameters, (w) => {
      const codes = nearest(noise(6, 4, 3) as tf.Tensor4D, w['quantize.embedding.weight'] as tf.Tensor2D);
      return decode(w, codes as tf.Tensor4D, tinyAutoencoder);
    });
    expect(decoderMultiplications(tinyAutoencoder, sides)).toBe(decoded);
  });
});

describe('the conditional autoencoder', () => {
  it('every multiplication of both halves is counted, and every parameter', () => {
    const { imageSize, identitySize, latent } = tinyVae;
    const parameters = vaeParameters(tinyVae);
    const who = (): tf.Tensor2D => noise(identitySize) as tf.Tensor2D;
    const inferred = measured(parameters, (w) => {
      const { mean, logVariance } = infer(w, noise(imageSize, imageSize, 3) as tf.Tensor4D, who(), tinyVae);
      return [mean, logVariance];
    });
    expect(vae.encoderMultiplications(tinyVae)).toBe(inferred);
    expect(vae.decoderMultiplications(tinyVae)).toBe(
      measured(parameters, (w) => draw(w, noise(latent) as tf.Tensor2D, who(), tinyVae)),
    );
    expect(vae.vaeSize(tinyVae)).toBe(parameterCount(parameters));
  });
});
