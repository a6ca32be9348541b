import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { identityVector } from '../../faces/identity.ts';
import { everyday, type Photo, photoVector } from '../../faces/photo.ts';
import { renderFace } from '../../faces/render.ts';
import { digestOfFaces, drawFaces } from './faces.ts';

/** Mean absolute difference over the middle of two 32 x 32 faces, brows to chin. */
const difference = (a: Uint8Array, b: Uint8Array): number => {
  let sum = 0;
  let n = 0;
  for (let y = 10; y < 30; y++) {
    for (let k = (y * 32 + 8) * 3; k < (y * 32 + 24) * 3; k++) {
      sum += Math.abs((a[k] as number) - (b[k] as number));
      n++;
    }
  }
  return sum / n;
};

const mirrored = (image: Uint8Array): Uint8Array =>
  image.map((_, k) => image[(Math.floor(k / 96) * 32 + 31 - Math.floor((k % 96) / 3)) * 3 + (k % 3)] as number);

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** An evenly lit photo before a plain background, with what `change` says. */
const still = (identity: number, change: Partial<Photo>): Uint8Array => {
  const person = identityVector(7, identity);
  const photo = photoVector(7, person, 0, { ...everyday, variation: 0, wear: 0, pose: 'frontal' });
  const grey = [0.3, 0.3, 0.3] as const;
  const background = { ...photo.background, kind: 'plain', colours: [grey, grey, grey] } as const;
  return renderFace(person, { ...photo, background, distance: 10, ...change }, 32);
};

describe('faces', () => {
  test('are the same bytes in every process', () => {
    const script = fileURLToPath(new URL('./faces.ts', import.meta.url));
    const there = execFileSync(process.execPath, ['--import', 'tsx', script, 'print-digest', '7'], {
      encoding: 'utf8',
    });
    expect(there.trim()).toBe(digestOfFaces(7));
    expect(digestOfFaces(7)).toMatchInlineSnapshot(
      `"sha256:801274d316dfd28668b8a24b50f0040ac7f2aaea312e760b5447536156d07be7"`,
    );
  });

  test('change with the seed', () => {
    expect(digestOfFaces(8)).not.toBe(digestOfFaces(7));
  });

  test('of one person resemble each other more than any other person, on frontal neutral photos', () => {
    const people = Array.from({ length: 16 }, (_, i) => drawFaces(7, i, 2, { variation: 0, wear: 0, pose: 'frontal' }));
    const own = people.map(([a, b]) => difference(a as Uint8Array, b as Uint8Array));
    const others = people.flatMap(([a], i) =>
      people.filter((_, j) => j !== i).map(([, b]) => difference(a as Uint8Array, b as Uint8Array)),
    );
    expect(mean(own) * 4).toBeLessThan(mean(others));
    expect(Math.min(...others)).toBeGreaterThan(2);
  });

  test('of one person differ from photo to photo, more so with more variation', () => {
    const spread = (variation: number): number =>
      mean(
        Array.from({ length: 8 }, (_, i) => {
          const [a, b] = drawFaces(7, i, 2, { variation });
          return difference(a as Uint8Array, b as Uint8Array);
        }),
      );
    expect(spread(0.5)).toBeGreaterThan(2 * spread(0));
    expect(spread(1)).toBeGreaterThan(spread(0.5));
  });

  test('turn: left profiles mirror right ones and neither looks like the front', () => {
    for (const identity of [0, 1, 2, 3]) {
      const left = still(identity, { yaw: -1.2, light: [0, -0.4, 0.917] });
      const right = still(identity, { yaw: 1.2, light: [0, -0.4, 0.917] });
      const front = still(identity, { yaw: 0, light: [0, -0.4, 0.917] });
      const alike = difference(left, mirrored(right));
      expect(alike).toBeLessThan(0.35 * difference(left, right));
      expect(alike).toBeLessThan(0.35 * difference(left, front));
    }
  });

  test('show light from the side, smiles, age and glasses', () => {
    const plain = still(12, { glasses: 'none' });
    const changes: Partial<Photo>[] = [
      { light: [0.9, -0.2, 0.387] },
      { smile: 1 },
      { open: 1 },
      { blink: 1 },
      { age: 75 },
      { glasses: 'sun' },
      { pitch: 0.3 },
      { exposure: 1 },
    ];
    for (const change of changes)
      expect(difference(plain, still(12, { glasses: 'none', ...change }))).toBeGreaterThan(1);
  });

  test('are drawn in every size from 16 to 224', () => {
    const person = identityVector(7, 3);
    for (const size of [16, 33, 64, 224]) {
      const image = renderFace(person, photoVector(7, person, 0), size);
      expect(image.length).toBe(size * size * 3);
      expect(new Set(image).size).toBeGreaterThan(40);
    }
  });
});
