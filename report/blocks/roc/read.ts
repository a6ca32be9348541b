import { verificationKind } from '../../../artifacts/codecs/metrics-verification.ts';
import type { Roc } from '../../../metrics/tar.ts';
import type { Channels, OperatingPoints } from '../../../metrics/verification.ts';
import { sortBenchmarks } from '../../format.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import { inputInvalid, type ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type RocParams = readonly { readonly label: string; readonly metrics: OneOrMany }[];

/** How a recognizer does on one benchmark at low false accept rates. */
export interface RocRow extends Read, Omit<OperatingPoints, 'roc'> {
  readonly label: string;
  readonly set: string;
  readonly channels?: Channels;
}

/** A row with its curve, which `report.json` leaves to the metrics. */
export type RocRead = RocRow & { readonly roc: Roc };

/** Rows by benchmark, in the paper's order, and by recognizer as the spec has them. */
export const readRoc = async (params: RocParams, reader: ReportReader): Promise<RocRead[]> => {
  const rows: RocRead[] = [];
  for (const [r, { label: template, metrics }] of params.entries())
    for (const { artifact, input, matrix } of listed(metrics, `roc.${r}.metrics`)) {
      const label = fillLabel(template, matrix);
      const { sets, channels } = await reader.metrics(artifact, verificationKind, `TAR at FAR: ${label}`, matrix);
      for (const [set, { best, tarOverFolds, tar, roc }] of Object.entries(sets)) {
        if (!best || !tar || !roc)
          throw inputInvalid(
            artifact,
            `metrics ${artifact.digest} are older than TAR and ROC: evaluate again to have them`,
          );
        rows.push({
          ...{ label, set, artifact: artifact.digest, input, best, tar, roc },
          ...(tarOverFolds && { tarOverFolds }),
          ...(channels && { channels }),
        });
      }
    }
  const order = sortBenchmarks(rows.map(({ set }) => set));
  return order.flatMap((set) => rows.filter((row) => row.set === set));
};
