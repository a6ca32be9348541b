import type { Store } from '../../store/index.ts';
import type { Lineage } from '../lineage.ts';
import type { Finding } from './finding.ts';
import { irreproducible } from './irreproducible.ts';
import { leakage } from './leakage.ts';
import { realFaces } from './real-faces.ts';
import { seeds } from './seeds.ts';
import { selection } from './selection.ts';

export type { Finding } from './finding.ts';

export type FindingStore = Pick<Store, 'getArtifact' | 'getBlob' | 'listRecords'>;

/** Everything that an auditor would want to know of a run and that its records prove, warnings first. */
export const findingsOf = async (lineage: Lineage, store: FindingStore): Promise<Finding[]> => {
  const found = [
    ...(await leakage(lineage, store)),
    ...(await selection(lineage, store)),
    ...seeds(lineage),
    ...(await irreproducible(lineage, store)),
    ...(await realFaces(lineage, store)),
  ];
  return [
    ...found.filter(({ severity }) => severity === 'warning'),
    ...found.filter(({ severity }) => severity === 'note'),
  ];
};
