import { tsneKind } from '../../../artifacts/codecs/metrics-tsne.ts';
import type { TsneMetrics } from '../../../metrics/tsne/metrics.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type TsneParams = readonly { readonly label: string; readonly metrics: OneOrMany }[];

/** One map, of one or more sets. */
export interface ReadMap extends Read, Omit<TsneMetrics, 'kind'> {
  readonly label: string;
}

export const readMaps = async (params: TsneParams, reader: ReportReader): Promise<ReadMap[]> => {
  const maps: ReadMap[] = [];
  for (const [r, { label: template, metrics }] of params.entries())
    for (const { artifact, input, matrix } of listed(metrics, `tsne.${r}.metrics`)) {
      const label = fillLabel(template, matrix);
      const { kind: _, ...map } = await reader.metrics(artifact, tsneKind, `t-SNE map: ${label}`, matrix);
      maps.push({ label, artifact: artifact.digest, input, ...map });
    }
  return maps;
};
