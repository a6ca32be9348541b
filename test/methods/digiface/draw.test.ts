import { describe, expect, it } from 'vitest';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { loadDataset } from '../../../data/loader/load.ts';
import { identityVector } from '../../../faces/identity.ts';
import type { Photo } from '../../../faces/photo.ts';
import { stage } from '../../../methods/digiface/draw/stage.ts';
import { type HeadParams, headPhoto } from '../../../methods/digiface/heads.ts';
import { stageContext } from '../../faces/context.ts';

const published: HeadParams = {
  imagesPerSet: 18,
  ...{ makeup: 0.15, glasses: 0.15, faceWear: 0.01, headWear: 0.15 },
  ...{ yaw: 90, yawDeviation: 30, pitch: 30, pitchDeviation: 10, variation: 1 },
};
const photosOf = (person: number, images: number, params = published): Photo[] =>
  Array.from({ length: images }, (_, image) => headPhoto(7, identityVector(7, person, 'digiface'), image, params));

describe('heads of DigiFace', () => {
  it('wear what their set wears, in every image of the set, and each set draws anew', () => {
    const worn = ({ glasses, makeup, hat, occluder, cloth, fringe, hairLength, frame }: Photo) =>
      JSON.stringify({ glasses, makeup, hat, occluder, cloth, fringe, hairLength, frame });
    const looks = photosOf(3, 72).map(worn);
    for (let set = 0; set < 4; set++) expect(new Set(looks.slice(18 * set, 18 * (set + 1))).size).toBe(1);
    expect(new Set(looks).size).toBe(4);
  });

  it('wear it as often as published', () => {
    const sets = Array.from({ length: 1000 }, (_, person) =>
      photosOf(person, 4, { ...published, imagesPerSet: 1 }),
    ).flat();
    const share = (has: (photo: Photo) => boolean): number => sets.filter(has).length / sets.length;
    // 4,000 sets: five deviations are 0.028 at 0.15 and 0.008 at 0.01.
    expect(Math.abs(share(({ makeup }) => makeup > 0) - 0.15)).toBeLessThan(0.028);
    expect(Math.abs(share(({ glasses }) => glasses !== 'none') - 0.15)).toBeLessThan(0.028);
    expect(Math.abs(share(({ hat }) => hat) - 0.15)).toBeLessThan(0.028);
    expect(Math.abs(share(({ occluder }) => occluder.kind === 'mask') - 0.01)).toBeLessThan(0.008);
  });

  it('turn and nod by a normal that is cut off at the limits, and no camera makes them worse', () => {
    const photos = Array.from({ length: 300 }, (_, person) => photosOf(person, 10)).flat();
    const degrees = (radians: number): number => (radians * 180) / Math.PI;
    for (const [name, limit, deviation] of [
      ['yaw', 90, 29.6],
      ['pitch', 30, 9.87],
    ] as const) {
      const angles = photos.map((photo) => degrees(photo[name]));
      expect(Math.max(...angles.map(Math.abs))).toBeLessThanOrEqual(limit);
      const mean = angles.reduce((a, b) => a + b, 0) / angles.length;
      // Cut off at three deviations, the deviation is 0.987 of the normal's.
      expect(Math.sqrt(angles.reduce((a, b) => a + b * b, 0) / angles.length) / deviation).toBeCloseTo(1, 1);
      expect(Math.abs(mean)).toBeLessThan(0.1 * deviation);
    }
    for (const { blur, noise, compression } of photos) expect([blur, noise, compression]).toEqual([0, 0, 0]);
    // Drawn again beyond the limit, not moved to it: of a wide normal, all angles are about as likely.
    const tight = photosOf(1, 400, { ...published, yaw: 10, yawDeviation: 60 }).map(({ yaw }) =>
      Math.abs(degrees(yaw)),
    );
    expect(tight.filter((angle) => angle > 9.5).length).toBeLessThan(45);
    expect(photosOf(1, 1, { ...published, yawDeviation: 0, pitch: 0 })[0]).toMatchObject({ yaw: 0, pitch: 0 });
  });
});

describe('digiface/draw', () => {
  const params = {
    ...published,
    identities: 3,
    firstIdentity: 49,
    sets: 2,
    imagesPerSet: 2,
    size: 16,
    population: 'digiface',
  };

  it('draws each person in each set, in shards that a set that grows keeps', async () => {
    const context = stageContext();
    const parts = await stage.split(params, context);
    expect(parts.map(({ first, count }) => [first, count])).toEqual([
      [49, 1],
      [50, 2],
    ]);
    const outputs: Outputs[] = [];
    for (const part of parts) outputs.push(await stage.runShard(part, context));
    const data = (await stage.join(params, outputs, context)).data as ArtifactRef;
    const set = await loadDataset(context.store, data);
    expect([set.classes, set.count, set.height]).toEqual([3, 12, 16]);
    expect((await context.store.getArtifact(data)).meta).toMatchObject({
      ...{ origin: 'procedural', identities: 3, images: 12 },
      people: [{ namespace: 'drawn/7/digiface', first: 49, count: 3 }],
    });
    const grown = await stage.split({ ...params, identities: 60 }, context);
    expect(grown[0]).toEqual(parts[0]);
  });
});
