import type { ArtifactManifest } from '../../core/artifact.ts';
import { ancestorsOf, type Lineage, madeNodes } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import type { Finding } from './finding.ts';

/** Photos of people that exist, upstream of each generated set: what its users are owed to know. */
export const realFaces = async (lineage: Lineage, store: Reading): Promise<Finding[]> => {
  const nodes = madeNodes(lineage);
  const sets = nodes.filter(({ record }) => record.action.kind === 'diffusion/generate');
  if (sets.length === 0) return [];
  /** Generated sets by the node of the photos that they stand on. */
  const users = new Map<string, string[]>();
  for (const { node } of sets)
    for (const { node: photos, record } of ancestorsOf(lineage, node.id)) {
      const ref = record.outputs.data;
      if (ref && isReal(await store.getArtifact(ref))) users.set(photos.id, [...(users.get(photos.id) ?? []), node.id]);
    }
  if (users.size === 0)
    return [
      {
        kind: 'real faces',
        severity: 'note',
        message: `no photo of a person that exists stands upstream of ${listed(sets.map(({ node }) => node.id))}`,
        nodes: sets.map(({ node }) => node.id),
        evidence: {},
      },
    ];
  return Promise.all(
    [...users].map(async ([photos, generated]): Promise<Finding> => {
      const ref = nodes.find(({ node }) => node.id === photos)?.record.outputs.data;
      const { licence, consent } = ref ? (await store.getArtifact(ref)).meta : {};
      const said = (what: string, value: unknown): string => `${what}: ${value || 'not stated'}`;
      return {
        kind: 'real faces',
        severity: licence && consent ? 'note' : 'warning',
        message: `the real faces of ${photos} stand upstream of ${listed(generated)}; ${said('licence', licence)}, ${said('consent', consent)}`,
        nodes: [photos, ...generated],
        evidence: { licence: licence ?? '', consent: consent ?? '' },
      };
    }),
  );
};

/** Whether a dataset shows people that exist. */
export const isReal = ({ meta }: ArtifactManifest): boolean => meta.origin === 'folder' && meta.faces !== 'synthetic';

const listed = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
