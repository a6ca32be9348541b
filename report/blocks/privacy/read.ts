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

/** How near the identities of a generated set come to real ones, by embedding. */
export interface Nearness {
  readonly realIdentities: number;
  /** The verification set whose threshold defines a match, and that threshold as a cosine. */
  readonly set: string;
  readonly threshold: number;
  /** Mean over synthetic identities of the cosine to the nearest real one. */
  readonly mean: number;
  readonly highest: number;
  readonly identities: Exceeding;
  readonly images: Exceeding;
  /** Identities whose nearest real one is the inquiry that they were made from; absent where the real ones are others. */
  readonly ownInquiry?: number;
}

/** How many are above the threshold; a share 0 … 1. */
export interface Exceeding {
  readonly count: number;
  readonly share: number;
}

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
      const name = fillLabel(label, matrix, { distinguish: groups.length > 1 });
      const runs: PrivacyRow['runs'][number][] = [];
      for (const { artifact, input, matrix: point } of members) {
        const found = await reader.metrics(artifact, privacyKind, `nearest real identities: ${name}`, point);
        runs.push({ ...nearnessOf(found), artifact: artifact.digest, input });
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

const nearnessOf = (found: PrivacyMetrics): Nearness => {
  const exceeding = ({ count, share }: Exceeding): Exceeding => ({ count, share });
  const { set, realIdentities, threshold, mean, highest, identities, images, ownInquiry } = found;
  return {
    ...{ set, realIdentities, threshold, mean, highest },
    ...{ identities: exceeding(identities), images: exceeding(images) },
    ...(ownInquiry && { ownInquiry: ownInquiry.nearest }),
  };
};
