import { readStatement } from '../../artifacts/codecs/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Lineage, madeNodes, shardsOf } from '../../core/lineage.ts';
import { plural } from '../../core/words.ts';
import type { Reading } from '../reading.ts';
import type { Finding } from './finding.ts';

/** Results that other code made, and that count because pieces of them were done again and came out the same. */
export const adopted = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const nodes = madeNodes(lineage).filter(({ record }) => record.adopted);
  if (nodes.length === 0) return [];
  const records = nodes.flatMap(({ record }) => [record, ...shardsOf(lineage, record)]);
  const refs = new Map<string, ArtifactRef>();
  for (const { adopted: by } of records) for (const ref of by?.statements ?? []) refs.set(ref.digest, ref);
  const statements = await Promise.all([...refs.values()].map((ref) => readStatement(store, ref)));
  const pieces = statements.flatMap(({ kinds }) => Object.values(kinds).flatMap(({ replayed }) => replayed));
  const by = [...new Set(statements.map(({ by: { user, host }, at }) => `${user}@${host} on ${at.slice(0, 10)}`))];
  return [
    {
      kind: 'adopted',
      severity: 'note',
      message: `${plural(records.length, 'action')} of older code adopted by ${by.join(', ')}: under the newer code, ${plural(pieces.length, 'replayed piece')} gave the same bytes`,
      nodes: nodes.map(({ node }) => node.id),
      evidence: { actions: records.length, pieces: pieces.length, statements: [...refs.keys()] },
    },
  ];
};
