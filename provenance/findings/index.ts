import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { Store } from '../../store/index.ts';
import { adopted } from './adopted.ts';
import type { Finding } from './finding.ts';
import { irreproducible } from './irreproducible.ts';
import { leakage } from './leakage.ts';
import { realFaces } from './real-faces.ts';
import { seeds } from './seeds.ts';
import { selection } from './selection.ts';

export type { Finding } from './finding.ts';

export type FindingStore = Pick<Store, 'getArtifact' | 'getBlob' | 'listRecords'>;

type Look = (lineage: Lineage, store: FindingStore) => Promise<Finding[]>;

const looks: readonly (readonly [Finding['kind'], Look])[] = [
  ['leakage', leakage],
  ['selection', selection],
  ['seeds', async (lineage) => seeds(lineage)],
  ['not reproducible', irreproducible],
  ['real faces', realFaces],
  ['adopted', adopted],
];

const unlooked = (kind: Finding['kind'], { code, message }: CemiflowError): Finding => ({
  kind,
  severity: 'warning',
  message: `could not look for ${kind}: ${message}`,
  nodes: [],
  evidence: { code },
});

/** Everything that an auditor would want to know of a run and that its records prove, warnings first. */
export const findingsOf = async (lineage: Lineage, store: FindingStore): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const [what, look] of looks) {
    try {
      found.push(...(await look(lineage, store)));
    } catch (error) {
      // What is damaged is told by the audit; here it must not hide the other findings.
      if (!(error instanceof CemiflowError) || error.retryable) throw error;
      found.push(unlooked(what, error));
    }
  }
  return [
    ...found.filter(({ severity }) => severity === 'warning'),
    ...found.filter(({ severity }) => severity === 'note'),
  ];
};
