import { distinctName, quotedName } from '../core/printable.ts';
import { plural } from '../core/words.ts';
import type { StatedImages } from './upstream.ts';

/**
 * What was counted when a set came in from outside, in sentences: files left out, transparent images, copies. None for a set of
 * which nothing of the sort was stated.
 */
export const intakeFacts = ({ skipped, transparent = 0, duplicates }: StatedImages): string[] => [
  ...(skipped
    ? [`${plural(skipped.count, 'file')} could not be used and were left out${some(skipped.files.map(quotedName))}.`]
    : []),
  ...(transparent > 0 ? [`${plural(transparent, 'image')} with transparent pixels, which are read as black.`] : []),
  ...(duplicates
    ? [
        `${plural(duplicates.pixels, 'image')} with the pixels of an earlier one, ${duplicates.bytes} of them the same file.`,
      ]
    : []),
  ...(duplicates && duplicates.identityPairs > 0
    ? [
        `${plural(duplicates.acrossIdentities, 'image')} under two identities${some(duplicates.pairs.map(({ left, right }) => `${distinctName(left)} and ${distinctName(right)}`))}.`,
      ]
    : []),
];

/** Names that are given as examples. */
const named = 3;

const some = (names: readonly string[]): string =>
  names.length === 0 ? '' : `, such as ${names.slice(0, named).join(', ')}`;
