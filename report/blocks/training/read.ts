import { trainingKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { Picture } from '../../pictures.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type TrainingParams = readonly { readonly label: string; readonly log: OneOrMany }[];

export interface TrainingLog extends Read {
  readonly label: string;
  readonly series: readonly Series[];
  readonly grids: readonly Grid[];
}

/** Samples that were drawn while a generator trained. */
export interface Grid {
  readonly step: number;
  readonly picture: Omit<Picture, 'identity' | 'image'>;
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
      const grids: Grid[] = [];
      for (const { step, picture } of thinned(found.samples ?? []))
        grids.push({ step, picture: await reader.storedPicture(artifact, picture) });
      logs.push({ artifact: artifact.digest, input, label: name, series, grids });
    }
  }
  return logs;
};

/** Grids of a training on the page: enough to see it learn, and no more than fit beside each other. */
const mostGrids = 4;

/** Some of them at equal distances, with the last one. */
const thinned = <T>(all: readonly T[]): T[] =>
  all.filter((_, i) => Math.floor(((i + 1) * mostGrids) / all.length) > Math.floor((i * mostGrids) / all.length));
