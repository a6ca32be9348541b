import { inspectionKind } from '../../../artifacts/codecs/metrics-kinds.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { ComparedSet, InspectedIdentity, InspectionMetrics, Overlap } from '../../../metrics/inspection.ts';
import { fillLabel } from '../../labels.ts';
import { listed, type OneOrMany } from '../../params.ts';
import type { Picture } from '../../pictures.ts';
import type { ReportReader } from '../../reader.ts';
import type { Read } from '../../sources.ts';

export type InspectParams = readonly {
  readonly label: string;
  readonly metrics: OneOrMany;
  readonly pictures: number;
}[];

/** A pair of identities with the picture that shows both side by side. */
export interface ShownPair {
  /** The set that it was found in, or the other set. */
  readonly among: string;
  readonly left: InspectedIdentity;
  readonly right: InspectedIdentity;
  /** Photos that both have. */
  readonly images?: number;
  /** Of their centers. */
  readonly cosine?: number;
  readonly picture: Omit<Picture, 'identity' | 'image'>;
}

export interface InspectRow extends Read, Omit<InspectionMetrics, 'kind'> {
  readonly label: string;
  readonly shown: readonly ShownPair[];
}

export const readInspections = async (params: InspectParams, reader: ReportReader): Promise<InspectRow[]> => {
  const rows: InspectRow[] = [];
  for (const [r, { label, metrics, pictures }] of params.entries())
    for (const { artifact, input, matrix } of listed(metrics, `inspect.${r}.metrics`)) {
      const name = fillLabel(label, matrix);
      const { kind: _, ...found } = await reader.metrics(artifact, inspectionKind, `inspection: ${name}`, matrix);
      const overlaps: readonly (readonly [string, Overlap])[] = [
        ['the set itself', found.within],
        ...found.others.map((other) => [nameOf(other), other] as const),
      ];
      const shown: ShownPair[] = [];
      for (const [among, overlap] of overlaps)
        shown.push(...(await shownIn(artifact, among, overlap, pictures, reader)));
      rows.push({ label: name, artifact: artifact.digest, input, ...found, shown });
    }
  return rows;
};

/** `LFW`, or `benchmarks, lfw` for one of several sets. */
export const nameOf = ({ label, set }: Pick<ComparedSet, 'label' | 'set'>): string =>
  set === undefined ? label : `${label}, ${set}`;

const shownIn = async (
  ref: ArtifactRef,
  among: string,
  { samePhoto, samePerson }: Overlap,
  pictures: number,
  reader: ReportReader,
): Promise<ShownPair[]> => {
  const pairs = [...samePhoto.slice(0, pictures), ...(samePerson?.listed ?? []).slice(0, pictures)];
  const shown: ShownPair[] = [];
  for (const { picture, ...pair } of pairs)
    if (picture !== undefined) shown.push({ among, ...pair, picture: await reader.storedPicture(ref, picture) });
  return shown;
};
