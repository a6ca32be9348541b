import type { Conclusion } from '../../../metrics/privacy.ts';
import type { Proportion } from '../../../metrics/proportions.ts';
import { count, fixed, percent, significant } from '../../format.ts';
import type { PrivacyRow } from './read.ts';

/** What a difference shows, as a sentence's end. */
const shown: { readonly [conclusion in Conclusion]: string } = {
  nearer: 'Generated identities are above the threshold more often than strangers are',
  farther: 'Generated identities are above the threshold less often than strangers are',
  undecided: 'No difference is shown',
};

/** A share with its interval: `5.0 % [2.9, 8.5]`. */
export const shareText = ({ share, lowest, highest }: Proportion): string =>
  `${percent(share, 1)} % [${percent(lowest, 1)}, ${percent(highest, 1)}]`;

/** What one row shows, or each of its runs where it has several. */
export const statements = ({ label, runs }: PrivacyRow): string[] =>
  runs.map((run, i) => {
    const { fpir, realIdentities, imagesPerIdentity, identities, trainedOnGallery } = run;
    const { threshold, strangers, generated, difference } = identities;
    const name = runs.length > 1 ? `${label}, run ${i + 1} of ${runs.length}` : label;
    const points = [difference.value, difference.lowest, difference.highest].map((each) => percent(each, 1));
    const images = imagesPerIdentity === 1 ? 'one image' : `the mean of ${count(imagesPerIdentity)} images`;
    return [
      `${name}: at a threshold of ${fixed(threshold, 3)}, set for a false positive identification rate of ${significant(fpir * 100)} %, a search for ${images} among the ${count(realIdentities)} people of the gallery returns somebody for ${count(generated.count)} of ${count(generated.total)} generated identities (${shareText(generated)}) and for ${count(strangers.count)} of ${count(strangers.total)} strangers (${shareText(strangers)}).`,
      `${shown[difference.conclusion]} (difference ${points[0]} percentage points [${points[1]}, ${points[2]}]).`,
      ...(trainedOnGallery
        ? [
            'The recognizer was trained on this gallery: it may place whatever looks like its training images nearer to these people, so that a higher rate may come from style as well as from identity.',
          ]
        : []),
      ...(trainedOnGallery === undefined
        ? ['What the recognizer was trained on is not known: it may have been people of this gallery.']
        : []),
    ].join(' ');
  });
