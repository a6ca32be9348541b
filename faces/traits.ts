import { type Colour, luminance, mixColour, ramp, srgb } from './colour.ts';
import { type FactorName, factor, type Identity } from './identity.ts';
import { clamp, logistic, smoothstep } from './noise.ts';
import type { Photo } from './photo.ts';

/**
 * A person at the time of a photo, in measures: lengths in head units (eye line to chin of the mean head = 1, about
 * 11.5 cm; x to the right of the image, y down, z to the viewer, origin between the eyes), colours in linear light.
 */
export type Traits = ReturnType<typeof traitsOf>;

const skinTones = [
  srgb(246, 214, 194),
  srgb(232, 188, 158),
  srgb(205, 156, 120),
  srgb(158, 108, 76),
  srgb(104, 68, 48),
  srgb(66, 43, 33),
];
const hairTones = [srgb(222, 190, 128), srgb(160, 118, 72), srgb(98, 66, 42), srgb(52, 34, 24), srgb(22, 18, 16)];
const irisTones = [
  srgb(40, 24, 16),
  srgb(84, 52, 28),
  srgb(112, 92, 48),
  srgb(88, 118, 82),
  srgb(84, 126, 166),
  srgb(134, 150, 160),
];
const greyHair = srgb(172, 168, 164);

export const traitsOf = (identity: Identity, photo: Photo) => {
  const basis = basisOf(identity, photo);
  const { age, old, male, melanin } = basis;
  return {
    marks: identity.marks,
    age,
    old,
    male,
    melanin,
    ...coloursOf(basis),
    ...skinOf(basis),
    ...headOf(basis),
    ...eyesOf(basis),
    ...browsOf(basis),
    ...noseOf(basis),
    ...mouthOf(basis),
    ...hairOf(basis),
    ...beardOf(basis),
  };
};

/** What the traits are worked out from: the person's factors, and how they correlate. */
type Basis = ReturnType<typeof basisOf>;

const basisOf = (identity: Identity, photo: Photo) => {
  const f = (name: FactorName): number => factor(identity, name);
  const south = logistic(1.5 * f('ancestry'));
  const east = smoothstep(0.4, 1.4, f('undertone')) * smoothstep(0.85, 0.45, south);
  const age = photo.age;
  const old = clamp((age - 30) / 45, 0, 1.2);
  return {
    f,
    photo,
    south,
    east,
    age,
    old,
    male: logistic(2.6 * f('sex')),
    young: clamp((30 - age) / 14, 0, 1),
    melanin: clamp(0.72 * south + 0.13 * f('melanin') + 0.02, 0, 1),
    dark: clamp(0.34 + 0.55 * south + 0.4 * east + 0.24 * f('hairDark'), 0, 1),
    red: smoothstep(0.9, 1.9, f('hairRed')) * smoothstep(0.55, 0.3, south),
    fat: 0.5 * f('weight') + 0.25 * old,
    sag: old * 0.8,
  };
};

const coloursOf = ({ f, age, male, south, east, melanin, dark, red }: Basis) => {
  const blood = f('blood');
  const tone = ramp(skinTones, melanin);
  const skin: Colour = [
    tone[0] * (1 + 0.03 * blood),
    tone[1] * (1 - 0.045 * blood),
    tone[2] * (1 - 0.03 * blood - 0.09 * f('undertone')),
  ];
  const grey = clamp(smoothstep(38, 72, age + 5 * f('blotches')), 0, 0.95);
  const natural = mixColour(ramp(hairTones, dark), srgb(150, 66, 30), 0.75 * red);
  const irisLight = clamp(0.78 - 1.15 * south - 0.5 * east + 0.3 * f('irisLight'), 0, 1);
  return {
    skin,
    skinLuminance: luminance(skin),
    natural,
    hair: mixColour(natural, greyHair, grey * (0.6 + 0.4 * male)),
    iris: ramp(irisTones, clamp(irisLight + 0.08 * f('irisHue'), 0, 1)),
  };
};

/** Marks and gloss of the skin. */
const skinOf = ({ f, melanin, old }: Basis) => ({
  freckles: clamp((f('freckles') - 0.9) * 0.9, 0, 1) * smoothstep(0.75, 0.35, melanin),
  moles: Math.max(0, Math.round(0.4 + 1.1 * f('moles'))),
  blotches: 0.5 + 0.18 * f('blotches') + 0.5 * old,
  shine: clamp(0.5 + 0.2 * f('shine') - 0.12 * melanin, 0.1, 1),
  wrinkles: smoothstep(0.1, 1, old),
});

/** Shape of the head. */
const headOf = ({ f, male, fat, sag, young, old, east }: Basis) => ({
  faceWidth: 1 + 0.05 * f('faceWidth') + 0.02 * (male - 0.5) + 0.03 * fat,
  jawWidth: 1 + 0.07 * f('jawWidth') + 0.09 * (male - 0.5) + 0.05 * fat + 0.03 * sag,
  chinLength: 0.035 * f('chinLength') + 0.05 * (male - 0.5) - 0.02 * young,
  chinForward: 0.03 * f('chinForward') + 0.03 * (male - 0.5),
  chinWidth: 1 + 0.16 * f('chinWidth') + 0.25 * (male - 0.5) + 0.08 * fat,
  cheekbone: 0.045 + 0.025 * f('cheekbone') + 0.02 * east,
  cheekFull: 0.02 + 0.022 * f('cheekFull') + 0.028 * fat + 0.02 * young - 0.02 * old,
  jowl: 0.05 * sag + 0.012 * fat,
  forehead: 0.025 * f('forehead'),
  browRidge: 0.035 + 0.014 * f('browRidge') + 0.035 * (male - 0.5),
  depth: 1 + 0.03 * f('headDepth'),
  earSize: 1 + 0.12 * f('earSize') + 0.1 * old,
  earOut: clamp(0.38 + 0.16 * f('earOut'), 0.08, 0.85),
});

/** Shape of eyes and lids. */
const eyesOf = ({ f, male, east, old }: Basis) => ({
  eyeX: 0.277 + 0.014 * f('eyeSpacing'),
  eyeWidth: 0.155 * (1 + 0.07 * f('eyeWidth') + 0.03 * (0.5 - male)),
  eyeOpen: clamp(0.4 + 0.05 * f('eyeOpen') - 0.04 * (male - 0.5) - 0.07 * east - 0.07 * old, 0.2, 0.56),
  eyeTilt: 0.05 + 0.07 * f('eyeTilt') + 0.07 * east - 0.08 * old,
  eyeDepth: 0.085 + 0.02 * f('eyeDepth') - 0.035 * east,
  lidFold: clamp(0.65 + 0.25 * f('lidFold') - 0.5 * east, 0, 1),
  lashes: 0.65 + 0.35 * (1 - male),
});

/** Shape of the eyebrows. */
const browsOf = ({ f, male, old, dark, red }: Basis) => ({
  browThick: 0.034 * (1 + 0.22 * f('browThick') + 0.5 * (male - 0.5)) * (1 - 0.2 * old),
  browY: -0.165 - 0.02 * f('browHeight') + 0.045 * (male - 0.5) + 0.02 * old,
  browTilt: 0.02 + 0.035 * f('browTilt'),
  browArch: 0.035 + 0.02 * f('browArch') - 0.02 * (male - 0.5),
  browLength: 0.255 * (1 + 0.09 * f('browLength')),
  browDark: clamp(0.72 + 0.16 * f('browDark') + 0.1 * dark - 0.15 * red - 0.25 * old, 0.2, 1),
});

/** Shape of the nose. */
const noseOf = ({ f, male, old, south, east }: Basis) => ({
  noseY: 0.385 + 0.026 * f('noseLength') + 0.02 * (male - 0.5) + 0.02 * old,
  noseWidth: 0.152 * (1 + 0.11 * f('noseWidth') + 0.2 * (south - 0.5) + 0.1 * (male - 0.5) + 0.1 * old),
  noseBridge: 0.11 + 0.026 * f('noseBridge') + 0.02 * (male - 0.5) - 0.05 * (south - 0.5) - 0.04 * east,
  noseTip: 0.265 + 0.03 * f('noseTip') + 0.02 * (male - 0.5) - 0.035 * (south - 0.5) - 0.02 * east,
  noseUpturn: 0.02 * f('noseUpturn') + 0.012 * (0.5 - male) - 0.012 * old,
  noseThin: 0.082 * (1 + 0.14 * f('noseThin') + 0.25 * (south - 0.5)),
  noseHump: 0.022 * f('noseHump') + 0.006,
});

/** Shape and colour of the mouth. */
const mouthOf = ({ f, male, old, south, photo }: Basis) => ({
  mouthY: 0.64 + 0.022 * f('mouthHeight') + 0.02 * (male - 0.5),
  mouthWidth: 0.232 * (1 + 0.09 * f('mouthWidth')),
  upperLip: Math.max(0.016, 0.05 * (1 + 0.25 * f('upperLip') + 0.5 * (south - 0.4) - 0.3 * (male - 0.5) - 0.45 * old)),
  lowerLip: Math.max(
    0.024,
    0.064 * (1 + 0.22 * f('lowerLip') + 0.45 * (south - 0.4) - 0.2 * (male - 0.5) - 0.35 * old),
  ),
  cupid: clamp(0.32 + 0.14 * f('cupid'), 0, 0.7),
  mouthCorner: 0.008 + 0.013 * f('mouthCorner') - 0.016 * old,
  lipRed: clamp(0.5 + 0.15 * f('lipColour') + 0.15 * (0.5 - male) - 0.2 * old, 0.1, 0.9),
  lipstick: photo.makeup * (1 - male),
  lipHue: f('lipColour'),
});

/** Length, cut and growth of the hair. */
const hairOf = ({ f, male, old, south, photo }: Basis) => {
  // Length of hair: y of its lower end. Men mostly short, women mostly long; both tails exist.
  const lengthDrive = f('hairLength') * 0.75 - 2.2 * (male - 0.5) - 0.3 * old;
  const longness = smoothstep(-0.15, 0.35, lengthDrive) * (photo.tied ? 0 : 1);
  const bald = male * clamp(smoothstep(0.1, 2.2, f('recession') + 1.7 * old - 0.3), 0, 1);
  return {
    bald,
    longness,
    hairBottom: longness > 0 ? clamp(0.45 + 0.5 * longness + 0.35 * lengthDrive + photo.hairLength, 0.3, 1.7) : 0.3,
    hairlineY: -0.64 - 0.045 * f('hairline') - 0.03 * f('forehead') - 0.42 * bald,
    recession: 0.05 + 0.06 * Math.max(0, f('recession')) * male + 0.25 * bald,
    hairVolume:
      Math.max(
        0.03,
        0.075 + 0.03 * f('hairVolume') + 0.06 * Math.max(0, f('hairCurl')) + photo.hairVolume + 0.02 * (0.5 - male),
      ) *
      (1 - 0.6 * bald),
    curl: clamp(0.5 * f('hairCurl') + 0.45 * (south - 0.5), 0, 1),
    fringe: clamp(smoothstep(0.45, 1.3, f('fringe') + photo.fringe - 0.4 * (male - 0.5)), 0, 1) * (1 - bald),
    parting: f('parting'),
    sideburn: 0.06 + 0.09 * f('sideburn') + 0.1 * (male - 0.5),
  };
};

/** Beard, moustache, and the shadow of a shave. */
const beardOf = ({ f, age, male, photo }: Basis) => {
  const beardAge = smoothstep(16, 24, age);
  if (!(male > 0.5)) return { beard: 0, shadow: 0, moustache: 0 };
  return {
    beard: clamp(smoothstep(-0.2, 1.5, f('beard')) + 0.25 * photo.stubble, 0, 1) * beardAge,
    shadow: clamp(0.3 + 0.25 * photo.stubble + 0.1 * f('beard'), 0, 0.7) * beardAge,
    moustache: clamp(smoothstep(0.3, 1.5, f('moustache') + 0.5 * f('beard')), 0, 1) * beardAge,
  };
};
