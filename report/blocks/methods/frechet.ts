import { shortDigest } from '../../../core/digest.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { FrechetMetrics } from '../../../metrics/frechet.ts';
import { count } from '../../format.ts';
import type { Read } from '../../sources.ts';
import type { MethodRow } from './row.ts';

/** Distances in the spaces of two recognizers, or from two references, say nothing of each other. @throws `ReportInputInvalid` */
export const checkFrechet = (rows: readonly MethodRow[]): void => {
  const runs = measured(rows);
  for (const what of ['recognizer', 'reference'] as const) {
    const [first, other] = [...new Set(runs.map((run) => run[what]))];
    if (other === undefined) continue;
    throw new CemiflowError(
      'ReportInputInvalid',
      `Fréchet distances of one table must be of one ${what}, got ${first} and ${other}`,
      {
        remedy: `give all of them the same ${what}, or leave frechet out of rows`,
        data: { [what]: [`${first}`, other] },
      },
    );
  }
};

/** What the distance is, and of how many images. */
export const frechetNotes = (rows: readonly MethodRow[], judge: string): string[] => {
  const runs = measured(rows);
  const [first] = runs;
  if (!first) return [];
  const sizes = (of: (run: FrechetMetrics) => number): string => {
    const all = [...new Set(runs.map(of))].sort((a, b) => a - b);
    return all.length === 1 ? count(all[0] as number) : `${count(all[0] as number)} to ${count(all.at(-1) as number)}`;
  };
  const uneven = new Set(runs.map(({ images, referenceImages }) => `${images} ${referenceImages}`)).size > 1;
  const singular = runs.some(
    ({ images, referenceImages, dimensions }) => Math.min(images, referenceImages) <= dimensions,
  );
  return [
    [
      `Fréchet distance in the embedding space of ${judge}, between ${sizes(({ images }) => images)} images of the set and ${sizes(({ referenceImages }) => referenceImages)} of the reference (${shortDigest(first.reference as Read['artifact'])}): less is nearer. It is no FID, which is measured in the space of an Inception network, and cannot be compared with one.`,
      ...(uneven
        ? [
            'Rows differ in the number of images, and fewer images make the distance larger: compare such rows with care.',
          ]
        : []),
      ...(singular
        ? [
            `An embedding has ${count(first.dimensions)} numbers, so that a Gaussian fitted to no more images is singular: such distances are rough.`,
          ]
        : []),
    ].join(' '),
  ];
};

const measured = (rows: readonly MethodRow[]): (FrechetMetrics & Read)[] => rows.flatMap(({ frechet = [] }) => frechet);
