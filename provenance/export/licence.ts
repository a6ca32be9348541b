import { ancestorsOf, type Lineage, madeNodes } from '../../core/lineage.ts';
import { isReal } from '../findings/real-faces.ts';
import type { Reading } from '../reading.ts';

/** What is known of the licence of a run's results, or of one set. */
export interface Licence {
  readonly name: string;
  readonly description: string;
}

/**
 * Licences are stated by who took photos in, of these photos. Nobody states one for what was made of them, so that no more is
 * said here than that.
 *
 * @param id the node whose ancestors count; all nodes unless given
 */
export const licenceOf = async (lineage: Lineage, store: Reading, id?: string): Promise<Licence> => {
  const stated: string[] = [];
  const silent: string[] = [];
  for (const { node, record } of id === undefined ? madeNodes(lineage) : ancestorsOf(lineage, id))
    for (const ref of Object.values(record.outputs)) {
      if (!record.action.kind.startsWith('data/') || ref.type !== 'dataset') continue;
      const manifest = await store.getArtifact(ref);
      const { licence } = manifest.meta;
      if (typeof licence === 'string' && licence !== '') stated.push(`${node.id}: ${licence}`);
      else if (isReal(manifest)) silent.push(node.id);
    }
  const names = [...new Set(stated.map((each) => each.slice(each.indexOf(': ') + 2)))];
  return {
    name: names.length === 1 && silent.length === 0 ? `${names[0]} (of the photos upstream)` : 'not stated',
    description: [
      'No licence was stated for what was made here.',
      stated.length > 0
        ? `Stated for data upstream, and binding what was made of it: ${stated.join('; ')}.`
        : 'Data upstream has none stated either.',
      ...(silent.length > 0 ? [`Nothing is stated for the photos of ${silent.join(', ')}.`] : []),
    ].join(' '),
  };
};
