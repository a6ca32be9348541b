import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { encodePng } from '../../formats/image.ts';
import { side, toyPixels } from './toy.ts';

/** Faces as [person, photo, template, media, score]. */
export const faces = [
  [0, 0, 5, 1, 0.9],
  [0, 1, 5, 2, 0.5],
  [0, 2, 5, 2, 1],
  [0, 3, 8, 1, 0.7],
  [1, 0, 2, 4, 0.8],
  [1, 1, 9, 4, 0.6],
] as const;
export const pairs = '5 8 1\n2 9 1\n5 2 0\n8 9 0\n5 9 0\n';

/** A folder of crops and lists. @param more files that replace or join them @param edge height and width of the crops @returns where it is */
export const ijbFolder = async (more: { readonly [path: string]: string } = {}, edge = side): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'ijb-'));
  const files: Record<string, string | Uint8Array> = {
    'meta/faces.txt': faces.map(([, , t, m], i) => `${i}.png ${t} ${m}\n`).join(''),
    'meta/pairs.txt': pairs,
    'meta/points.txt': faces.map(([, , , , score], i) => `${i}.png 1 2 3 4 5 6 7 8 9 10 ${score}\n`).join(''),
    ...more,
  };
  for (const [i, [person, photo]] of faces.entries())
    files[`crops/${i}.png`] = await sharp(await encodePng(toyPixels(person, photo), side, side))
      .resize(edge, edge)
      .png()
      .toBuffer();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
};
