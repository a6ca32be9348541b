import { datasetCodec } from '../artifacts/codecs/dataset.ts';
import { CemiflowError } from '../core/errors.ts';
import { type Lineage, madeDataset } from '../core/lineage.ts';
import { plural } from '../core/words.ts';
import { escapeMarkdown } from '../report/markdown.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { type CardFiles, filesText, howToVerify, list, upstreamText } from './card-parts.ts';
import type { Reading } from './reading.ts';
import { sourcesOf } from './upstream.ts';

/**
 * The card of a set that no generator of the run made, in Markdown: whom it shows, its licence, source and consent as stated, what
 * was left out of it, and how to verify it.
 *
 * @param id node that made the set, such as `photos`
 * @throws CemiflowError `CardInvalid` where the node made no set, and the store's for what is damaged
 */
export const setCard = async (
  lineage: Lineage,
  id: string,
  store: Reading,
  files: CardFiles = 'stored',
): Promise<string> => {
  const found = madeDataset(lineage, id);
  if (!found)
    throw new CemiflowError('CardInvalid', `${id} of ${lineage.run.id} made no set of images`, {
      remedy: 'name a node that made a dataset',
      data: { run: lineage.run.id, node: id },
    });
  const { made, ref } = found;
  const { meta } = await datasetCodec.read(store, ref);
  const { kind } = made.record.action;
  const title = loadStageSchemas().get(kind)?.title;
  const { images, identities, height, width, peopleShown } = meta;
  const parts = [
    `# ${escapeMarkdown(id)} of ${escapeMarkdown(lineage.run.experiment)}`,
    `${plural(images, 'face image')} of ${plural(identities, 'identity', 'identities')}, ${height} × ${width} pixels. Made by the stage ${kind}${title ? `: ${escapeMarkdown(title)}` : ''}.`,
    '## Where it comes from',
    upstreamText(await sourcesOf(lineage, id, store)),
    '## Files',
    filesText(made, lineage, files, peopleShown),
    '## Known limits',
    list([
      peopleShown === 'drawn'
        ? 'Faces that a program drew are no faces of people: results on them do not carry over to photos.'
        : 'Identities are those of the source: that all images of an identity show one person was not checked.',
      'Nothing was balanced or measured for age, gender or skin colour.',
      'Not for identifying people.',
    ]),
    '## How to verify it',
    howToVerify(lineage, made, ref),
  ];
  return `${parts.join('\n\n')}\n`;
};
