import { privacyKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import type { PrivacyMetrics } from '../../../metrics/privacy.ts';
import { averaged, groupsOf } from '../../axes.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type PrivacyParams = readonly {
  readonly label: string;
  readonly metrics: OneOrMany;
  readonly meanOver?: readonly string[];
}[];

/** How often a search returns a real person: for identities of a generated set, and for strangers. */
export type Nearness = Omit<PrivacyMetrics, 'kind' | 'histogram' | 'perIdentity'>;

export interface PrivacyRow {
  readonly label: string;
  readonly meanOver: readonly string[];
  readonly runs: readonly (Nearness & Read)[];
}

export const readPrivacy = async (params: PrivacyParams, reader: ReportReader): Promise<PrivacyRow[]> => {
  const rows: PrivacyRow[] = [];
  for (const [r, { label, metrics, meanOver = [] }] of params.entries()) {
    const groups = groupsOf(listed(metrics, `privacy.${r}.metrics`), meanOver);
    for (const { matrix, members } of groups) {
      const name = fillLabel(label, matrix);
      const runs: PrivacyRow['runs'][number][] = [];
      for (const { artifact, input, matrix: point } of members) {
        const found = await reader.metrics(artifact, privacyKind, `nearest real identities: ${name}`, point);
        const { kind: _kind, histogram: _histogram, perIdentity: _perIdentity, ...nearness } = found;
        runs.push({ ...nearness, artifact: artifact.digest, input });
      }
      rows.push({ label: name, meanOver, runs });
    }
  }
  return rows;
};

/** Mean over the runs of a row of one of its numbers, and the spread where there are several. */
export const overRuns = (
  { runs }: PrivacyRow,
  of: (run: Nearness) => number,
): { readonly mean: number; readonly std?: number } => averaged(runs.map(of));
