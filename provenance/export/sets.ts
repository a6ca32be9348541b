import { type Lineage, madeNodes } from '../../core/lineage.ts';
import { datasetCard } from '../card.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import { setCard } from '../set-card.ts';
import type { Text } from './crate/data.ts';
import { croissantFile, croissantOf, type Described, imageSetOf } from './croissant.ts';
import { slug } from './held.ts';

/** The card of a set and its `croissant.json`, for the folder that describes it. */
export const setTexts = async (
  lineage: Lineage,
  id: string,
  store: Reading,
  { folder = '', ...described }: Described & { readonly folder?: string } = {},
): Promise<Text[]> => {
  const set = await imageSetOf(lineage, id, store);
  const croissant: Text = {
    path: `${folder}${croissantFile}`,
    text: await croissantOf(lineage, set, store, described),
    mediaType: 'application/ld+json',
    name: `Croissant description of ${id}`,
  };
  const files = described.marked ? 'marked' : 'stored';
  const card = roleOf(set.made) === 'generated-data' ? datasetCard : setCard;
  const text = await card(lineage, id, store, files);
  return [croissant, { path: `${folder}README.md`, text, mediaType: 'text/markdown', name: `Card of ${id}` }];
};

/** Generated sets of the run, each with the folder that describes it. */
export const generatedSets = (lineage: Lineage): { readonly id: string; readonly folder: string }[] =>
  madeNodes(lineage)
    .filter((made) => roleOf(made) === 'generated-data')
    .map(({ node }) => ({ id: node.id, folder: `sets/${slug(node.id)}/` }));
