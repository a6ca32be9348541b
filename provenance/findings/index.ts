import { CemiflowError } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { adopted } from './adopted.ts';
import type { Finding, FindingStore } from './finding.ts';
import { foreign } from './foreign.ts';
import { inspected } from './inspected.ts';
import { irreproducible } from './irreproducible.ts';
import { leakage } from './leakage.ts';
import { realFaces } from './real-faces.ts';
import { seeds } from './seeds.ts';
import { selection } from './selection.ts';
import { duplicates, setFacts } from './set-facts.ts';
import { unknownStages } from './unknown.ts';
import { unknownTraining } from './unknown-training.ts';

export type { Finding } from './finding.ts';

/** Looks for findings of one kind. */
type Finder = (lineage: Lineage, store: FindingStore) => Promise<Finding[]>;

const finders: readonly (readonly [Finding['kind'], Finder])[] = [
  ['leakage', leakage],
  ['leakage', unknownTraining],
  ['selection', selection],
  ['seeds', async (lineage) => seeds(lineage)],
  ['not reproducible', irreproducible],
  ['real faces', realFaces],
  ['sets', setFacts],
  ['duplicates', duplicates],
  ['same person', inspected],
  ['adopted', adopted],
  ['foreign program', async (lineage) => foreign(lineage)],
  ['unknown stages', async (lineage) => unknownStages(lineage)],
];

const notLookedFor = (kind: Finding['kind'], { code, message }: CemiflowError): Finding => ({
  kind,
  severity: 'warning',
  message: `could not look for ${kind}: ${message}`,
  nodes: [],
  evidence: { code },
});

/** Everything that an auditor would want to know of a run and that its records prove, warnings first. */
export const findingsOf = async (lineage: Lineage, store: FindingStore): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const [what, find] of finders) {
    try {
      found.push(...(await find(lineage, store)));
    } catch (error) {
      // The audit reports what is damaged; here it must not hide the other findings.
      if (!(error instanceof CemiflowError) || error.retryable) throw error;
      found.push(notLookedFor(what, error));
    }
  }
  return [
    ...found.filter(({ severity }) => severity === 'warning'),
    ...found.filter(({ severity }) => severity === 'note'),
  ];
};
