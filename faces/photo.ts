import { normalStream, randomStream } from '../core/random.ts';
import { type Colour, hsv, mixColour, scaleColour, srgb } from './colour.ts';
import { baseAge, factor, type Identity } from './identity.ts';
import { clamp } from './noise.ts';

/** What a series of photos is like. `variation` scales how far photos of one person differ (0: passport, 1: everyday). */
export interface PhotoConditions {
  readonly variation: number;
  /** everyday: mostly near frontal with a tail to profile. */
  readonly pose: 'everyday' | 'frontal' | 'profile' | 'wide';
  /** Years added to the person's age. */
  readonly ageShift: number;
  /** Scale of blur, noise, compression and occlusion; 1 is everyday. */
  readonly wear: number;
}

export const everyday: PhotoConditions = { variation: 1, pose: 'everyday', ageShift: 0, wear: 1 };

export interface Photo {
  /** Radians; yaw > 0 turns the face to the right of the image, pitch > 0 looks down. */
  readonly yaw: number;
  readonly pitch: number;
  /** What is left of roll, shift (in units of the crop) and scale after alignment. */
  readonly roll: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly scale: number;
  /** Distance of the camera in head units (11.5 cm). */
  readonly distance: number;
  /** Unit vector towards the key light, in view coordinates (x right, y down, z to the camera). */
  readonly light: readonly [number, number, number];
  readonly key: Colour;
  readonly sky: Colour;
  readonly ground: Colour;
  /** Stops of exposure. */
  readonly exposure: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly smile: number;
  readonly open: number;
  readonly browRaise: number;
  /** 0 open … 1 shut. */
  readonly blink: number;
  readonly gazeX: number;
  readonly gazeY: number;
  /** Years at the time of the photo. */
  readonly age: number;
  readonly glasses: 'none' | 'clear' | 'sun';
  readonly frame: Colour;
  readonly frameShape: number;
  readonly glare: number;
  readonly hairLength: number;
  readonly hairVolume: number;
  readonly fringe: number;
  readonly tied: boolean;
  readonly hat: boolean;
  readonly cloth: Colour;
  readonly stubble: number;
  readonly makeup: number;
  readonly background: Background;
  readonly occluder: Occluder;
  /** Sigma of blur in units of the crop. */
  readonly blur: number;
  /** Sigma of sensor noise, of 255. */
  readonly noise: number;
  /** 0: none; else the strength of DCT quantisation. */
  readonly compression: number;
  readonly grain: number;
}

export interface Background {
  readonly kind: 'plain' | 'bokeh' | 'room';
  readonly colours: readonly [Colour, Colour, Colour];
  readonly angle: number;
  readonly seed: number;
}

export interface Occluder {
  readonly kind: 'none' | 'hand' | 'mask' | 'scarf';
  /** Place and size in units of the crop. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly angle: number;
}

const degrees = Math.PI / 180;

/**
 * The vector of one photo: a function of (seed, person, image, conditions). Conditions scale the numbers and never
 * change how many are drawn, so that each attribute keeps its place in the stream.
 */
export const photoVector = (
  seed: number,
  identity: Identity,
  image: number,
  conditions: PhotoConditions = everyday,
): Photo => {
  const uniform = randomStream(seed, 'faces', identity.population, identity.index, 'photo', image);
  const draws = drawsFrom(uniform, conditions);
  // The order of these lines is the order of the stream: to move one changes every photo.
  const pose = poseOf(draws, conditions);
  const light = lightOf(draws);
  const film = filmOf(draws);
  const expression = expressionOf(draws, identity, conditions);
  const style = styleOf(draws, identity, conditions);
  const background = backgroundOf(uniform);
  const wear = wearOf(draws);
  return { ...pose, ...light, ...film, ...expression, ...style, background, ...wear };
};

/** Random numbers of one photo, and how far they may reach. */
interface Draws {
  readonly v: number;
  readonly wear: number;
  uniform(): number;
  /** Within 2.5 standard deviations. */
  normal(): number;
  chance(p: number): boolean;
  between(low: number, high: number): number;
}

const drawsFrom = (uniform: () => number, { variation, wear }: PhotoConditions): Draws => {
  const gauss = normalStream(uniform);
  return {
    v: variation,
    wear: wear * Math.min(1.5, variation),
    uniform,
    normal: () => clamp(gauss(), -2.5, 2.5),
    chance: (p) => uniform() < p,
    between: (low, high) => low + (high - low) * uniform(),
  };
};

const poseOf = ({ v, uniform, normal, between }: Draws, { pose }: PhotoConditions) => {
  const yaw = poseYaw(pose, v, uniform(), uniform(), normal());
  const pitch = 8 * degrees * v * normal() * (pose === 'frontal' ? 0.5 : 1);
  const roll = 3 * degrees * v * normal();
  const shiftX = 0.014 * v * normal();
  const shiftY = 0.014 * v * normal();
  const scale = 1 + 0.03 * v * normal();
  return { yaw, pitch, roll, shiftX, shiftY, scale, distance: between(6, 16) };
};

const lightOf = ({ v, normal, between }: Draws) => {
  const side = 62 * degrees * v * normal() * 0.7;
  const height = (25 + 22 * v * normal()) * degrees;
  const light = [Math.sin(side) * Math.cos(height), -Math.sin(height), Math.cos(side) * Math.cos(height)] as const;
  const warmth = normal() * v;
  const keyPower = Math.exp(0.3 * v * normal());
  const tint = (k: number): Colour => [1 + 0.11 * k, 1, 1 - 0.14 * k];
  const ambience = clamp(0.5 + 0.2 * v * normal(), 0.12, 1.1);
  const skyWarmth = warmth * 0.5 + normal() * v * 0.6;
  const bounce = between(0.35, 0.9);
  return {
    light,
    key: scaleColour(tint(warmth), keyPower),
    sky: scaleColour(tint(skyWarmth), ambience),
    ground: scaleColour(tint(skyWarmth + 0.6), ambience * bounce),
  };
};

const filmOf = ({ v, normal, chance }: Draws) => {
  const exposure = 0.32 * v * normal();
  const contrast = 1 + 0.13 * v * normal();
  const saturation = chance(0.04 * v) ? 0 : clamp(1 + 0.22 * v * normal(), 0.3, 1.5);
  return { exposure, contrast, saturation };
};

const expressionOf = (
  { v, uniform, normal, chance, between }: Draws,
  identity: Identity,
  { ageShift }: PhotoConditions,
) => {
  const mood = uniform();
  const smile = clamp((mood < 0.5 ? 0.05 + 0.25 * normal() : 0.65 + 0.3 * normal()) * Math.min(1, v), -0.5, 1.2);
  const open = clamp((chance(0.3) ? between(0.2, 1) : 0) * v, 0, 1);
  const browRaise = 0.5 * v * normal();
  const blink = clamp(chance(0.06 * v) ? between(0.6, 1) : 0.12 * v * Math.abs(normal()), 0, 1);
  const gazeX = 0.25 * v * normal();
  const gazeY = 0.12 * v * normal();
  const age = clamp(baseAge(identity) + ageShift + 3 * v * normal(), 17, 85);
  return { smile, open, browRaise, blink, gazeX, gazeY, age };
};

/** Glasses, hair, clothes, beard and make-up of the day. */
const styleOf = ({ v, uniform, normal, chance, between }: Draws, identity: Identity, { wear }: PhotoConditions) => {
  const wears = uniform() < (factor(identity, 'glasses') > 0.75 ? 0.8 : 0.04 * v);
  const sun = chance(0.035 * wear * v);
  const frame = mixColour(srgb(20, 18, 18), hsv(uniform(), 0.5, 0.6), chance(0.3) ? uniform() : 0.05);
  const frameShape = uniform();
  const glare = Math.max(0, normal()) * 0.5 * v;
  const hairLength = 0.16 * v * normal();
  const hairVolume = 0.025 * v * normal();
  const fringe = 0.55 * v * normal();
  const tied = chance(0.25 * v);
  const hat = chance(0.035 * wear * v);
  const cloth = hsv(uniform(), uniform() * 0.7, between(0.1, 0.95));
  const stubble = 0.35 * v * normal();
  const makeup = clamp(uniform() * 1.6 - 0.6, 0, 1) * Math.min(1, v);
  const glasses = sun ? ('sun' as const) : wears ? ('clear' as const) : ('none' as const);
  return { glasses, frame, frameShape, glare, hairLength, hairVolume, fringe, tied, hat, cloth, stubble, makeup };
};

/** What hides the face, and what the camera does to the picture. */
const wearOf = ({ wear, uniform, normal, chance, between }: Draws) => {
  const occluded = chance(0.07 * wear);
  const which = uniform();
  const occluder: Occluder = {
    kind: !occluded ? 'none' : which < 0.5 ? 'hand' : which < 0.75 ? 'scarf' : 'mask',
    x: between(0.1, 0.9),
    y: between(0.6, 1.05),
    size: between(0.12, 0.2),
    angle: between(-1.2, 1.2),
  };
  const blur = Math.max(0, 0.003 + 0.008 * normal()) * wear;
  const noise = Math.abs(normal()) * 2 * wear;
  const compression = chance(0.35 * wear) ? between(0.3, 1.4) : 0;
  return { occluder, blur, noise, compression, grain: Math.floor(uniform() * 0x7fffffff) };
};

/** Yaw in radians from two uniform numbers and a normal one. */
const poseYaw = (pose: PhotoConditions['pose'], v: number, u: number, side: number, n: number): number => {
  const sign = side < 0.5 ? -1 : 1;
  if (pose === 'frontal') return 6 * degrees * v * n;
  if (pose === 'profile') return sign * (68 + 18 * u) * degrees;
  if (pose === 'wide') return sign * (10 + 55 * u) * degrees;
  return u < 0.68 ? 14 * degrees * v * n : sign * Math.min(1, v) * (18 + (60 * (u - 0.68)) / 0.32) * degrees;
};

const backgroundOf = (uniform: () => number): Background => {
  const kind = (['plain', 'plain', 'bokeh', 'room'] as const)[Math.floor(uniform() * 4)] as Background['kind'];
  const hue = uniform();
  const colour = (): Colour => hsv((hue + 0.25 * uniform()) % 1, uniform() ** 2 * 0.6, 0.1 + 0.85 * uniform());
  return {
    kind,
    colours: [colour(), colour(), colour()],
    angle: uniform() * 2 * Math.PI,
    seed: Math.floor(uniform() * 0x7fffffff),
  };
};
