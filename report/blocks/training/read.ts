import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
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
    for (const { matrix, artifact, input } of listed(log, `training.${t}.log`)) {
      const name = fillLabel(label, matrix);
      const found = await reader.metrics(artifact, trainingKind, `training log: ${name}`, matrix);
      const series = Object.entries(found.series).map(([name, line]) => ({ name, ...line }));
      logs.push({ artifact: artifact.digest, input, label: name, series });
    }
  }
  return logs;
};
