import { digestOf } from '../../core/digest.ts';
import { identityVector } from '../../faces/identity.ts';
import { everyday, type PhotoConditions, photoVector } from '../../faces/photo.ts';
import { renderFace } from '../../faces/render.ts';

/** Photos of one person. */
export const drawFaces = (seed: number, identity: number, count: number, conditions: Partial<PhotoConditions> = {}) => {
  const person = identityVector(seed, identity);
  return Array.from({ length: count }, (_, image) =>
    renderFace(person, photoVector(seed, person, image, { ...everyday, ...conditions }), 32),
  );
};

/** Digest of a few photos of a few people. */
export const digestOfFaces = (seed: number): string =>
  digestOf(Buffer.concat([0, 1, 2, 3, 4, 5].flatMap((identity) => drawFaces(seed, identity, 4))));

if (process.argv[2] === 'print-digest') console.log(digestOfFaces(Number(process.argv[3])));
