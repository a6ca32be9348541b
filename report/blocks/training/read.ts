import type { Digest } from '../../../core/digest.ts';
import type { Json } from '../../../core/errors.ts';
import { asObject, invalid, numbersIn, objectIn, ofKind } from '../../fields.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type TrainingParams = readonly { readonly label: string; readonly log: OneOrMany }[];

export interface TrainingLog extends Read {
  readonly label: string;
  readonly series: readonly Series[];
}

/** One logged value over the steps. */
export interface Series {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export const readTraining = async (params: TrainingParams, reader: ReportReader): Promise<TrainingLog[]> => {
  const logs: TrainingLog[] = [];
  for (const [t, { label, log }] of params.entries()) {
    const many = listed(log, `training.${t}.log`);
    for (const { matrix, artifact, input } of many) {
      const name = fillLabel(label, matrix, { distinguish: many.length > 1 });
      const json = await reader.metrics(artifact, `training log: ${name}`, matrix);
      logs.push({ artifact: artifact.digest, input, label: name, series: seriesOf(json, artifact.digest) });
    }
  }
  return logs;
};

/** Reads `metrics.json` of a training. @throws CemiflowError `ReportInputInvalid` */
export const seriesOf = (json: Json, artifact: Digest): Series[] =>
  Object.entries(objectIn(ofKind(json, 'training', artifact), 'series', artifact)).map(([name, value]) => {
    const held = asObject(value, `series.${name}`, artifact);
    const steps = numbersIn(held, 'steps', artifact);
    const values = numbersIn(held, 'values', artifact);
    if (steps.length !== values.length || steps.length === 0) {
      throw invalid(
        artifact,
        `series.${name} must have as many steps as values, and some, got ${steps.length} and ${values.length}`,
      );
    }
    return { name, steps, values };
  });
