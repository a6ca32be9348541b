import { describe, expect, it } from 'vitest';
import { estimate as joinSets } from '../../activities/data-join/estimate.ts';
import { estimate as selectSet } from '../../activities/data-select/estimate.ts';
import { type Estimate, FactUnknown, type Known, type Value } from '../../core/estimate.ts';
import { cemifaceMultiplications } from '../../methods/cemiface/count.ts';
import { estimate as sampleCemiFace } from '../../methods/cemiface/generate/estimate.ts';
import { estimate as trainCemiFace } from '../../methods/cemiface/train/estimate.ts';
import { estimate as sampleDcFace } from '../../methods/dcface/generate/estimate.ts';
import { estimate as trainDcFace } from '../../methods/dcface/train/estimate.ts';
import { estimate as sampleDdpm } from '../../methods/ddpm/generate/estimate.ts';
import { estimate as trainDdpm } from '../../methods/ddpm/train/estimate.ts';
import { estimate as sampleIDiff } from '../../methods/idiff-face/generate/estimate.ts';
import { estimate as trainIDiff } from '../../methods/idiff-face/train/estimate.ts';
import { estimate as trainAutoencoder } from '../../methods/idiff-face/train-autoencoder/estimate.ts';
import { estimate as sampleSynFace } from '../../methods/synface/generate/estimate.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications } from '../../nn/recognizer/layout.ts';
import { tinyAutoencoder, tinyUNet } from './idiff-face/tiny.ts';

/** Stand for inputs. */
const [data, recognizer, generator, inquiries, vectors, autoencoder] = [{}, {}, {}, {}, {}, {}];
const guide = recognizerConfig('small', { widths: [24, 48, 96, 128] });
const forward = multiplications(guide);
const facts = new Map<unknown, { [fact: string]: number }>([
  [data, { images: 1050, identities: 30, height: 32, width: 32 }],
  [recognizer, { forward, embedding: 128, height: 32, width: 32 }],
  [generator, { forward: 1000, guide: 70, identity: 50, style: 3, decode: 11, height: 32, width: 16 }],
  [inquiries, { images: 8, identities: 8 }],
  [vectors, { images: 0, identities: 8 }],
]);
const networks = new Map<unknown, object>([
  [recognizer, guide],
  [autoencoder, tinyAutoencoder],
]);
const known: Known = {
  fact: (input, name) => {
    const value = facts.get(input)?.[name];
    if (value === undefined) throw new FactUnknown(name, 'an input');
    return value;
  },
  network: <T>(input: unknown) => networks.get(input) as T,
  expected: (name) => {
    throw new FactUnknown(name, 'the stage');
  },
};
const number = (value: Value | undefined): number => (typeof value === 'function' ? value() : (value ?? Number.NaN));
const workOf = ({ work }: Estimate): number => number(work);
/** Images and people of a generated set. */
const sizeOf = ({ outputs }: Estimate): number[] =>
  ['images', 'identities'].map((fact) => number(outputs.data?.facts?.[fact]));

const unet = {
  ...{ patch: 2, base: 32, multipliers: [1, 2], blocks: 1, attention: [1], headChannels: 32, groups: 8 },
  prediction: 'epsilon' as const,
};
/** 10 whole batches of 100 in each of 2 epochs. */
const training = { data, recognizer, epochs: 2, batch: 100, recompute: false, flip: true, samples: null };
const seen = 2000;

describe('sampling', () => {
  const subjects = { generator, inquiries, identities: 0, skip: 0, images: 5, oversample: 2 };

  it('CemiFace: each inquiry is embedded, and each image takes all steps; copies cost nothing', () => {
    const made = sampleCemiFace({ ...subjects, m: 0, steps: 20 }, known);
    expect(workOf(made)).toBe(8 * 70 + 8 * 5 * 20 * 1000);
    expect(sizeOf(made)).toEqual([8 * 7, 8]);
    expect(sizeOf(sampleCemiFace({ ...subjects, skip: 3, m: 0, steps: 20 }, known))).toEqual([5 * 7, 5]);
    expect(workOf(sampleCemiFace({ ...subjects, inquiries: vectors, m: 0, steps: 20 }, known))).toBe(800_000);
    const grid = sampleCemiFace({ ...subjects, identities: 3, m: [1, 0.5, 0], steps: 20 }, known);
    expect([workOf(grid), ...sizeOf(grid)]).toEqual([3 * 70 + 9 * 20 * 1000, 9, 3]);
  });

  it('DCFace: the identity once a person, the style once an image', () => {
    const made = sampleDcFace({ ...subjects, steps: 50 }, known);
    expect(workOf(made)).toBe(8 * 50 + 40 * (3 + 50 * 1000));
    expect(sizeOf(made)).toEqual([56, 8]);
  });

  it('IDiff-Face: each image is decoded', () => {
    expect(workOf(sampleIDiff({ ...subjects, steps: 10 }, known))).toBe(8 * 70 + 40 * (10 * 1000 + 11));
    expect(workOf(sampleIDiff({ ...subjects, inquiries: vectors, steps: 10 }, known))).toBe(40 * (10 * 1000 + 11));
  });

  it('an unconditional generator makes an image a person, and one of identity vectors a pass an image', () => {
    const people = sampleDdpm({ generator, identities: 30, steps: 10 }, known);
    expect([workOf(people), ...sizeOf(people)]).toEqual([30 * 10 * 1000, 30, 30]);
    const faces = sampleSynFace({ generator, identities: 30, images: 4 }, known);
    expect([workOf(faces), ...sizeOf(faces)]).toEqual([120 * 1000, 120, 30]);
  });

  it('an image takes as many bytes as its own height and width have pixels, about 1.8 each', () => {
    const bytes = number(sampleDdpm({ generator, identities: 10, steps: 1 }, known).outputs.data?.bytes);
    expect(bytes / 10 - 1792).toBeCloseTo(1.8 * 32 * 16, -1);
  });
});

describe('training', () => {
  const conditioned = { ...unet, conditionSize: 16, conditionProjection: 'shared' as const };

  it('CemiFace: all images and mirror images are embedded; two passes through the frozen recognizer for each image seen', () => {
    const network = { ...conditioned, identityScale: 1, conditionTokens: 2 };
    const own = cemifaceMultiplications({ ...network, imageSize: 32, identitySize: 128 });
    expect(workOf(trainCemiFace({ ...training, network }, known))).toBe(
      2 * 1050 * forward + seen * (3 * own + 2 * forward),
    );
    const again = trainCemiFace({ ...training, network, recompute: true, flip: false }, known);
    expect(workOf(again)).toBe(1050 * forward + seen * (4 * own + 2 * forward));
    expect(number(again.outputs.weights?.facts?.guide)).toBe(forward);
  });

  it('DCFace: a second recognizer is trained, and the frozen one reads styles', () => {
    const network = { ...unet, conditionProjection: 'shared' as const };
    const { outputs, work } = trainDcFace({ ...training, network, style: { grid: 3, dropout: 0 } }, known);
    const of = (fact: string): number => number(outputs.weights?.facts?.[fact]);
    expect(of('identity')).toBe(forward);
    expect(number(work)).toBe(
      2 * 1050 * forward + seen * (3 * of('forward') + 3 * forward + of('style') + 2 * forward),
    );
  });

  it('without any condition: three passes of the UNet', () => {
    const { outputs, work } = trainDdpm({ ...training, network: unet }, known);
    expect(number(work)).toBe(seen * 3 * number(outputs.weights?.facts?.forward));
  });

  it('grids of samples: a pass for each step of each image', () => {
    const samples = { grids: 2, identities: 3, images: 4, steps: 5 };
    const network = { ...conditioned, identityScale: 1, conditionTokens: 2 };
    const ddpm = (given: object) => trainDdpm({ ...training, network: unet, ...given }, known);
    const unconditional = number(ddpm({}).outputs.weights?.facts?.forward);
    expect(workOf(ddpm({ samples })) - workOf(ddpm({}))).toBe(120 * unconditional);
    const cemiface = (given: object) => workOf(trainCemiFace({ ...training, network, ...given }, known));
    const own = cemifaceMultiplications({ ...network, imageSize: 32, identitySize: 128 });
    expect(cemiface({ samples }) - cemiface({})).toBe(120 * own);
  });

  it('IDiff-Face: images are embedded once, and encoded in each step', () => {
    const { side: _side, channels: _channels, identitySize: _size, ...network } = tinyUNet;
    const { outputs, work } = trainIDiff({ ...training, autoencoder, network }, known);
    const both = trainAutoencoder({ ...training, network: tinyAutoencoder }, known);
    const decode = number(outputs.weights?.facts?.decode);
    const encode = workOf(both) / (3 * seen) - decode;
    expect(encode).toBeGreaterThan(0);
    expect(number(work)).toBe(1050 * forward + seen * (3 * number(outputs.weights?.facts?.forward) + encode));
  });
});

describe('datasets put together or chosen', () => {
  const sets = [data, inquiries].map((each) => each as object);

  it('have all images, and all people where each set has its own', () => {
    const facts = new Map<object, { [name: string]: number }>([
      [sets[0] as object, { images: 40, identities: 4, height: 32, width: 32, imageSize: 100 }],
      [sets[1] as object, { images: 10, identities: 5, height: 32, width: 32, imageSize: 200 }],
    ]);
    const both = { ...known, fact: (input: unknown, name: string) => facts.get(input as object)?.[name] as number };
    expect(sizeOf(joinSets({ sets, numbers: 'own' }, both))).toEqual([50, 9]);
    expect(sizeOf(joinSets({ sets, numbers: 'shared' }, both))).toEqual([50, 5]);
    const { bytes, facts: made } = joinSets({ sets, numbers: 'own' }, both).outputs.data ?? {};
    expect([bytes, made?.imageSize].map((each) => (typeof each === 'function' ? each() : each))).toEqual([6000, 120]);
    const chosen = selectSet({ sets: sets.map((artifact) => ({ artifact })) }, both);
    expect(sizeOf(chosen)).toEqual([40, 4]);
    expect(chosen.outputs.data?.bytes).toBe(0);
  });
});
