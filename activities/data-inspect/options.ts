import type { ArtifactReader } from '../../artifacts/codec.ts';
import { type MeasuredThreshold, measuredThreshold } from '../../artifacts/threshold.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Limits } from './assemble.ts';
import type { InspectedSet, LabelledSet } from './sets.ts';

/** `schemas/stages/data-inspect.schema.json`, without the precision. */
export interface InspectOptions extends Limits {
  readonly data: ArtifactRef;
  readonly others: readonly LabelledSet[];
  readonly recognizer?: ArtifactRef;
  readonly minSimilarity: number;
  readonly threshold: MeasuredThreshold | null;
}

/** The cosine above which two identities count as one person; undefined without a recognizer. @throws CemiflowError `InspectionInvalid`, and as `measuredThreshold` */
export const thresholdOf = async (
  store: ArtifactReader,
  { recognizer, threshold, minSimilarity }: InspectOptions,
): Promise<number | undefined> => {
  if (recognizer !== undefined)
    return threshold ? (await measuredThreshold(store, threshold, recognizer.digest)).cosine : minSimilarity;
  if (threshold === null) return undefined;
  throw new CemiflowError('InspectionInvalid', 'threshold is for comparing people, which takes a recognizer', {
    remedy: 'give the recognizer that the threshold was measured for, or leave the threshold out',
  });
};

/** Refuses sets that one recognizer cannot embed, before hours of work. @throws CemiflowError `SizeMismatch` */
export const requireEqualSizes = (set: InspectedSet, others: readonly InspectedSet[]): void => {
  const other = others.find(({ height, width }) => height !== set.height || width !== set.width);
  if (other === undefined) return;
  throw new CemiflowError(
    'SizeMismatch',
    `images to compare must be of one size: those of data are ${set.height} × ${set.width}, those of ${other.label} ${other.height} × ${other.width}`,
    {
      remedy: 'take both sets in at the size of the recognizer, or leave the recognizer out to compare photos alone',
      data: { expected: [set.height, set.width], height: other.height, width: other.width },
    },
  );
};
