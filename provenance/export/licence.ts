import { type Lineage, madeNodes } from '../../core/lineage.ts';
import type { Reading } from '../reading.ts';
import { type Source, sourcesOf } from '../upstream.ts';

/** What is known of the licence of a run's results, or of one set. */
export interface Licence {
  readonly name: string;
  readonly description: string;
}

/**
 * What is known of the licence of a run's results. Whoever imports photos states their licence; nobody states one for what was
 * made from them, so nothing is claimed here.
 *
 * @param id the node whose ancestors count; by default all nodes
 */
export const licenceOf = async (lineage: Lineage, store: Reading, id?: string): Promise<Licence> => {
  const stated: string[] = [];
  const silent: string[] = [];
  const tops = id === undefined ? madeNodes(lineage).map(({ node }) => node.id) : [id];
  const sources = new Map<string, Source>();
  for (const top of tops) for (const source of await sourcesOf(lineage, top, store)) sources.set(source.node, source);
  for (const { node, peopleShown, images } of sources.values()) {
    if (images?.licence) stated.push(`${node}: ${images.licence}`);
    else if (peopleShown === 'real') silent.push(node);
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
