import { CemiflowError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { plural } from '../../core/words.ts';
import type { IntakeState, LeftOut } from './state.ts';

/** Names that a message lists at most. */
const shown = 20;

/** Names come from outside, and messages go to terminals. */
export const listed = (names: readonly string[]): string =>
  `${names.slice(0, shown).map(printable).join(', ')}${names.length > shown ? ', …' : ''}`;

/** `BadImages`: files of a set that cannot be used, by name and fault. */
export const badImages = (
  path: string,
  { count, first }: { count: number; first: readonly LeftOut[] },
): CemiflowError =>
  new CemiflowError(
    'BadImages',
    `${plural(count, 'file')} of ${path} cannot be used: ${listed(first.map(({ name, fault }) => `${name} (${fault})`))}`,
    {
      remedy: 'remove or repair them, or set onBadFile: skip to leave them out',
      data: { path, count, files: first.slice(0, shown).map(({ name }) => name) },
    },
  );

/** Refuses sets without identities, and identities with too few images. @throws CemiflowError `TooFewImages` */
export const checkCounts = (
  path: string,
  state: Pick<IntakeState, 'taken' | 'nameOf'>,
  { empty, minImages }: { readonly empty: readonly string[]; readonly minImages: number },
): void => {
  const found = [...state.taken].map(([identity, count]): [string, number] => [state.nameOf(identity), count]);
  const counts = [...found, ...empty.map((name): [string, number] => [name, 0])];
  if (counts.length === 0)
    throw new CemiflowError('TooFewImages', `${path} holds no identities`, {
      remedy: 'give a set of images with identities, such as one folder of photos for each',
      data: { path },
    });
  const few = counts.filter(([, count]) => count < minImages);
  if (few.length === 0) return;
  throw new CemiflowError(
    'TooFewImages',
    `${few.length} of ${plural(counts.length, 'identity', 'identities')} ${few.length === 1 ? 'has' : 'have'} fewer than ${plural(minImages, 'image')}: ${listed(few.map(([name, count]) => `${name} has ${count}`))}`,
    {
      remedy: 'add images, remove these identities, or lower minImages',
      data: { path, minImages, identities: few.length, counts: Object.fromEntries(few.slice(0, shown)) },
    },
  );
};

/** `SourceChanged`: files that are not those that the run was planned with. */
export const sourceChanged = (path: string): CemiflowError =>
  new CemiflowError('SourceChanged', `${path} has changed since the run was planned`, {
    remedy: 'do not change the files while they are read, and start the run again',
    data: { path },
  });
