import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { type Lineage, type MadeNode, madeNodes } from '../../core/lineage.ts';
import { printable } from '../../core/printable.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import { type Source, sourcesOf } from '../upstream.ts';
import { type Finding, listed } from './finding.ts';

/**
 * What users of each generated set should know of its sources: photos of people who exist, and imported sets and networks of which
 * it is not known what they were made from.
 */
export const realFaces = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const sets: string[] = [];
  for (const made of madeNodes(lineage)) if (await isGenerated(made, store)) sets.push(made.node.id);
  if (sets.length === 0) return [];
  /** Generated sets by the source that they depend on. */
  const users = new Map<string, { readonly source: Source; readonly sets: string[] }>();
  for (const set of sets)
    for (const source of await sourcesOf(lineage, set, store)) {
      if (source.peopleShown === 'drawn') continue;
      const known = users.get(source.node) ?? { source, sets: [] };
      users.set(source.node, known);
      if (!known.sets.includes(set)) known.sets.push(set);
    }
  if (users.size > 0) return [...users.values()].map((each) => found(each.source, each.sets));
  return [
    {
      kind: 'real faces',
      severity: 'note',
      message: `no photo of a person who exists is upstream of ${listed(sets)}`,
      nodes: sets,
      evidence: {},
    },
  ];
};

/** A generated set of a kind that is not known here, or of a program of a user's own, says so itself. */
const isGenerated = async (made: MadeNode, store: Reading): Promise<boolean> => {
  const role = roleOf(made);
  if (role !== 'unknown' && role !== 'foreign') return role === 'generated-data';
  for (const ref of Object.values(made.record.outputs))
    if (ref.type === 'dataset' && (await datasetCodec.read(store, ref)).meta.peopleShown === 'generated') return true;
  return false;
};

const found = ({ node, images, peopleShown }: Source, sets: readonly string[]): Finding => {
  const { licence = '', consent = '' } = images ?? {};
  const said = (what: string, value: string): string => `${what}: ${printable(value || 'not stated')}`;
  const others = sets.filter((set) => set !== node);
  const what =
    images && peopleShown === 'real'
      ? `${node} shows people who exist`
      : `what ${images ? `the generator of ${node}` : node} learned from is not known`;
  const stated = `${said('licence', licence)}, ${said('consent', consent)}`;
  const upstream = others.length > 0 ? [`${node} is upstream of ${listed(others)}`] : [];
  return {
    kind: 'real faces',
    severity: licence && consent ? 'note' : 'warning',
    message: [what, ...upstream, stated].join('; '),
    nodes: [...new Set([node, ...sets])],
    evidence: { licence, consent },
  };
};
