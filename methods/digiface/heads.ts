import { normalStream, randomStream } from '../../core/random.ts';
import type { Identity } from '../../faces/identity.ts';
import { everyday, type Photo, photoVector } from '../../faces/photo.ts';

/** How DigiFace photographs its heads. */
export interface HeadParams {
  /** Images of one set of accessories. */
  readonly imagesPerSet: number;
  /** Probabilities that a set has them: 0.15, 0.15, 0.01 and 0.15 (DigiFace §3). */
  readonly makeup: number;
  readonly glasses: number;
  readonly faceWear: number;
  readonly headWear: number;
  /** Degrees: most that the head turns to a side and nods, 90 and 30, and the deviations of the normal that is cut off there. */
  readonly yaw: number;
  readonly yawDeviation: number;
  readonly pitch: number;
  readonly pitchDeviation: number;
  /** How much light, expression and background differ. */
  readonly variation: number;
}

const degrees = Math.PI / 180;

/**
 * The photo of a head: accessories, hair of the day and clothes are those of its set; pose, light, expression and background its own.
 * There is neither blur nor noise, and nothing else of a camera: the heads are rendered, not taken.
 *
 * @param image number of the image; each `imagesPerSet` of them share a set
 */
export const headPhoto = (seed: number, identity: Identity, image: number, params: HeadParams): Photo => {
  const { imagesPerSet, variation } = params;
  const conditions = { ...everyday, variation, wear: 0 };
  const own = photoVector(seed, identity, image, conditions);
  const set = Math.floor(image / imagesPerSet);
  const dressed = photoVector(seed, identity, set * imagesPerSet, conditions);
  const { hairLength, hairVolume, fringe, tied, cloth, stubble, frame, frameShape } = dressed;
  const pose = randomStream(seed, 'digiface', identity.population, identity.index, 'pose', image);
  return {
    ...own,
    ...{ hairLength, hairVolume, fringe, tied, cloth, stubble, frame, frameShape },
    ...accessories(seed, identity, set, params),
    yaw: truncatedNormal(pose, params.yawDeviation, params.yaw) * degrees,
    pitch: truncatedNormal(pose, params.pitchDeviation, params.pitch) * degrees,
  };
};

/** What a person wears in one set. */
const accessories = (
  seed: number,
  { population, index }: Identity,
  set: number,
  { makeup, glasses, faceWear, headWear }: HeadParams,
): Pick<Photo, 'glasses' | 'makeup' | 'hat' | 'occluder'> => {
  const uniform = randomStream(seed, 'digiface', population, index, 'accessories', set);
  const wears = (probability: number): boolean => uniform() < probability;
  const worn = { makeup: wears(makeup), glasses: wears(glasses), faceWear: wears(faceWear), headWear: wears(headWear) };
  const [strength, tint] = [0.4 + 0.6 * uniform(), uniform()];
  return {
    makeup: worn.makeup ? strength : 0,
    glasses: worn.glasses ? (tint < 0.25 ? 'sun' : 'clear') : 'none',
    hat: worn.headWear,
    occluder: { kind: worn.faceWear ? 'mask' : 'none', x: 0.5, y: 0.8, size: 0.16, angle: 0 },
  };
};

/** A normal of mean 0 that is drawn again where it exceeds the limit. */
const truncatedNormal = (uniform: () => number, deviation: number, limit: number): number => {
  if (deviation === 0 || limit === 0) return 0;
  const normal = normalStream(uniform);
  for (;;) {
    const value = deviation * normal();
    if (Math.abs(value) <= limit) return value;
  }
};
