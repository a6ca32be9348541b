import { shortDigest } from '../../../core/digest.ts';
import { CemiflowError } from '../../../core/errors.ts';
import type { FrechetMetrics } from '../../../metrics/frechet.ts';
import { count } from '../../format.ts';
import type { Read } from '../../sources.ts';
import type { MethodRow } from './row.ts';

/** Distances in the spaces of two networks, or from two references, say nothing of each other. @throws `ReportInputInvalid` */
export const checkFrechet = (rows: readonly MethodRow[]): void => {
  const runs = measured(rows);
  for (const what of ['space', 'recognizer', 'reference'] as const) {
    const [first, other] = [...new Set(runs.map((run) => (what === 'space' ? spaceOf(run) : run[what])))];
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

const spaceOf = ({ space }: FrechetMetrics): string => space ?? 'recognizer';

/** The column's head, and what it says of itself: FID is what the literature measures in the space of one Inception network. */
export const frechetHead = (rows: readonly MethodRow[]): { readonly label: string; readonly title: string } =>
  isFid(rows)
    ? { label: 'FID', title: 'Fréchet distance in the space of the Inception network that FIDs are measured with' }
    : { label: 'Fréchet', title: 'Fréchet distance in a recognizer’s embedding space; no FID' };

const isFid = (rows: readonly MethodRow[]): boolean => measured(rows).some(({ space }) => space === 'inception');

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
  const fid = isFid(rows);
  const between = `between ${sizes(({ images }) => images)} images of the set and ${sizes(({ referenceImages }) => referenceImages)} of the reference (${shortDigest(first.reference as Read['artifact'])}): less is nearer.`;
  return [
    [
      fid
        ? `FID: Fréchet distance in the space of the Inception network that FIDs are measured with, from an imported file (${shortDigest(first.recognizer as Read['artifact'])}), ${between} FIDs of other numbers of images cannot be compared with it.`
        : `Fréchet distance in the embedding space of ${judge}, ${between} It is no FID, which is measured in the space of an Inception network, and cannot be compared with one.`,
      ...(uneven
        ? [
            'Rows differ in the number of images, and fewer images make the distance larger: compare such rows with care.',
          ]
        : []),
      ...(singular
        ? [
            `${fid ? 'A feature' : 'An embedding'} has ${count(first.dimensions)} numbers, so that a Gaussian fitted to no more images is singular: such distances are rough.`,
          ]
        : []),
    ].join(' '),
  ];
};

const measured = (rows: readonly MethodRow[]): (FrechetMetrics & Read)[] => rows.flatMap(({ frechet = [] }) => frechet);
