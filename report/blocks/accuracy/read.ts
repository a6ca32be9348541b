import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import type { Json, JsonObject } from '../../../core/errors.ts';
import { averaged, groupsOf } from '../../axes.ts';
import { fillLabel } from '../../labels.ts';
import { listed, matching, type OneOrMany, type Placed } from '../../params.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';
import { pointerSegment } from '../../sources.ts';
import { type MeasuredRow, withGaps } from './gaps.ts';
import type { AccuracyRow, Training, Volume } from './row.ts';
import { accuraciesOf, readVerifications } from './verification.ts';

export type AccuracyParams = readonly {
  readonly label: string;
  readonly metrics: OneOrMany;
  readonly volume?: OneOrMany;
  readonly training?: OneOrMany;
  readonly reference: boolean;
  readonly meanOver?: readonly string[];
}[];

/** @param onlyReferences reads nothing but the rows that GtR is counted from */
export const readAccuracy = async (
  params: AccuracyParams,
  reader: ReportReader,
  { onlyReferences = false } = {},
): Promise<AccuracyRow[]> => {
  const rows: MeasuredRow[] = [];
  for (const [r, row] of params.entries()) {
    if (onlyReferences && !row.reference) continue;
    const meanOver = row.meanOver ?? [];
    const groups = groupsOf(listed(row.metrics, `accuracy.${r}.metrics`), meanOver);
    for (const { matrix, members } of groups) {
      const label = fillLabel(row.label, matrix);
      const runs = await readVerifications(members, `verification: ${label}`, reader);
      const training =
        row.training && (await steps(row.training, `accuracy.${r}.training`, { members, label, reader }));
      const data = row.volume && matching(row.volume, matrix, `accuracy.${r}.volume`);
      const set = data && (await trainingSet(data, { matrix, label, reader }));
      rows.push({
        ...accuraciesOf(runs),
        label,
        matrix,
        meanOver,
        reference: row.reference,
        generated: set ? set.origin === 'generated' : !row.reference,
        ...(set ? { volume: set.volume } : {}),
        ...(training ? { training } : {}),
      });
    }
  }
  return withGaps(rows);
};

/** Optimizer steps of the trainings, by the last entries of their logs: the mean over runs. */
const steps = async (
  logs: OneOrMany,
  place: string,
  { members, label, reader }: { members: readonly Placed[]; label: string; reader: ReportReader },
): Promise<Training | undefined> => {
  const runs: Training['runs'][number][] = [];
  for (const { matrix } of members) {
    const log = matching(logs, matrix, place);
    if (!log || runs.some(({ input }) => input === log.input)) continue;
    const point = { ...log.matrix, ...matrix };
    const { series } = await reader.metrics(log.artifact, trainingKind, `training log: ${label}`, point);
    const last = Object.entries(series).map(([name, { steps }]) => ({
      steps: steps.at(-1) as number,
      at: `metrics.json#/series/${pointerSegment(name)}/steps/${steps.length - 1}`,
    }));
    const [longest] = last.sort((a, b) => b.steps - a.steps);
    if (!longest) throw inputInvalid(log.artifact, `training log ${log.artifact.digest} has no entries`);
    runs.push({ artifact: log.artifact.digest, input: log.input, ...longest });
  }
  return runs.length === 0 ? undefined : { steps: averaged(runs.map((run) => run.steps)).mean, runs };
};

/** Of runs that differ in what they were trained on, the first one's set is shown: all are of one size. */
export const trainingSet = async (
  data: Placed,
  { matrix, label, reader }: { matrix: JsonObject; label: string; reader: ReportReader },
): Promise<{ volume: Volume; origin: Json | undefined }> => {
  const { artifact: ref, input } = data;
  const { meta } = await reader.open(ref, `training set: ${label}`, { ...data.matrix, ...matrix });
  const { identities, images, origin } = meta;
  if (typeof identities === 'number' && typeof images === 'number')
    return { volume: { artifact: ref.digest, input, identities, images }, origin };
  throw inputInvalid(ref, `dataset ${ref.digest} does not state its size`);
};
