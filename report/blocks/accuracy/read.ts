import { verificationKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
import { groupsOf } from '../../axes.ts';
import { fillLabel } from '../../labels.ts';
import { listed, matching, type OneOrMany, type Placed } from '../../params.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';
import { type MeasuredRow, withGaps } from './gaps.ts';
import type { AccuracyRow, Volume } from './row.ts';
import { accuraciesOf, type Verification, verificationOf } from './verification.ts';

export type AccuracyParams = readonly {
  readonly label: string;
  readonly metrics: OneOrMany;
  readonly volume?: OneOrMany;
  readonly reference: boolean;
  readonly meanOver?: readonly string[];
}[];

/** @param onlyReference reads nothing but the row that GtR is counted from */
export const readAccuracy = async (
  params: AccuracyParams,
  reader: ReportReader,
  { onlyReference = false } = {},
): Promise<AccuracyRow[]> => {
  const rows: MeasuredRow[] = [];
  for (const [r, row] of params.entries()) {
    if (onlyReference && !row.reference) continue;
    const meanOver = row.meanOver ?? [];
    const groups = groupsOf(listed(row.metrics, `accuracy.${r}.metrics`), meanOver);
    for (const { matrix, members } of groups) {
      const label = fillLabel(row.label, matrix, { distinguish: groups.length > 1 });
      const runs: Verification[] = [];
      for (const { artifact, input, matrix: point } of members) {
        const found = await reader.metrics(artifact, verificationKind, `verification: ${label}`, point);
        runs.push(verificationOf(found, { artifact: artifact.digest, input }));
      }
      const set = row.volume && (await trainingSet(row.volume, `accuracy.${r}.volume`, { matrix, label, reader }));
      rows.push({
        ...accuraciesOf(runs),
        label,
        matrix,
        meanOver,
        reference: row.reference,
        generated: set ? set.origin === 'generated' : !row.reference,
        ...(set ? { volume: set.volume } : {}),
      });
    }
  }
  return withGaps(rows);
};

/** Of runs that differ in what they were trained on, the first one's set is shown: all are of one size. */
const trainingSet = async (
  volume: OneOrMany,
  place: string,
  { matrix, label, reader }: { matrix: JsonObject; label: string; reader: ReportReader },
): Promise<{ volume: Volume; origin: Json | undefined } | undefined> => {
  const data: Placed | undefined = matching(volume, matrix, place);
  if (!data) return undefined;
  const { artifact: ref, input } = data;
  const { meta } = await reader.open(ref, `training set: ${label}`, { ...data.matrix, ...matrix });
  const { identities, images, origin } = meta;
  if (typeof identities === 'number' && typeof images === 'number')
    return { volume: { artifact: ref.digest, input, identities, images }, origin };
  throw inputInvalid(ref, `dataset ${ref.digest} does not state its size`);
};
