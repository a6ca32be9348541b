import { type Lineage, madeNodes } from '../../core/lineage.ts';
import { roleOf } from '../roles.ts';
import type { Finding } from './finding.ts';

/** Stages of kinds that this checkout does not have: no other finding can say anything of them. */
export const unknownStages = (lineage: Lineage): Finding[] => {
  const unknown = madeNodes(lineage).filter((made) => roleOf(made) === 'unknown');
  if (unknown.length === 0) return [];
  const kinds = [...new Set(unknown.map(({ record }) => record.action.kind))];
  const nodes = unknown.map(({ node }) => node.id);
  return [
    {
      kind: 'unknown stages',
      severity: 'warning',
      message: `this checkout does not know ${kinds.join(', ')}: what ${nodes.join(', ')} mean for leakage, selection and seeds was not looked for`,
      nodes,
      evidence: { kinds },
    },
  ];
};
