import type { Digest } from '../../../core/digest.ts';
import type { Json } from '../../../core/errors.ts';
import { averaged, groupsOf } from '../../axes.ts';
import { asObject, invalid, numberIn, objectIn, ofKind } from '../../fields.ts';
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
        const json = await reader.metrics(artifact, `nearest real identities: ${name}`, point);
        runs.push({ ...privacyOf(json, artifact.digest), artifact: artifact.digest, input });
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

/** Reads `metrics.json` of the nearest real identities. @throws CemiflowError `ReportInputInvalid` */
export const privacyOf = (json: Json, artifact: Digest): Nearness => {
  const root = ofKind(json, 'privacy', artifact);
  const { set, ownInquiry } = root;
  if (typeof set !== 'string') throw invalid(artifact, 'set must be a name');
  const exceeding = (key: string): Exceeding => {
    const held = objectIn(root, key, artifact);
    return { count: numberIn(held, 'count', artifact), share: numberIn(held, 'share', artifact) };
  };
  const number = (key: string): number => numberIn(root, key, artifact);
  return {
    set,
    ...{ realIdentities: number('realIdentities'), threshold: number('threshold') },
    ...{ mean: number('mean'), highest: number('highest') },
    ...{ identities: exceeding('identities'), images: exceeding('images') },
    ...(ownInquiry === undefined
      ? {}
      : { ownInquiry: numberIn(asObject(ownInquiry, 'ownInquiry', artifact), 'nearest', artifact) }),
  };
};
