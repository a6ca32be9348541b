import type { Block, KeyFigure } from '../../block.ts';
import { fixed, plain } from '../../format.ts';
import { scrolling } from '../../html.ts';
import { similarityCurve, similarityRidges } from './charts.ts';
import { readSimilarity, type SimilarityGroup, type SimilarityParams } from './read.ts';
import { ridgeStyle } from './ridges.ts';
import { meanReadAt, similarityTable } from './table.ts';

/** Similarity of generated images to their inquiry image: whether the generator does what m asks for. */
export const block: Block<SimilarityParams, SimilarityGroup[]> = {
  order: 40,
  style: ridgeStyle,
  read: readSimilarity,
  draw: (groups) => ({
    section: { id: 'similarity', title: 'Does the generator listen to m?' },
    parts: [
      { figure: { caption: curveCaption, content: scrolling(similarityCurve(groups)) } },
      { figure: { caption: ridgesCaption, content: similarityRidges(groups) } },
      ...groups.map((group, i) => ({ table: similarityTable(group, `similarity-${i + 1}`) })),
    ],
    keyFigures: keyFigures(groups[0]),
  }),
  numbers: (groups) =>
    groups.map(({ rows, ...group }) => ({
      ...group,
      rows: rows.map(({ runs, ...row }) => (runs.length === 1 ? { ...runs[0], ...row } : { ...row, runs })),
    })),
};

const curveCaption =
  'Mean similarity of the generated images to their inquiry image, for each recognizer; whiskers: ± one standard deviation over images. Where the line of wanted similarity passes through the plot, it is dotted.';
const ridgesCaption =
  'Similarities of all generated images to their inquiry image. Every histogram has the same area; the vertical line is its mean, the triangle the similarity asked for, where that lies within the axis.';

const keyFigures = (group: SimilarityGroup | undefined): KeyFigure[] => {
  const [low, high] = [group?.rows[0], group?.rows.at(-1)];
  if (!group || !low || !high || low === high) return [];
  return [
    {
      id: 'key.similarity',
      value: `${fixed(low.mean, 2)} → ${fixed(high.mean, 2)}`,
      unit: '',
      what: `similarity by ${group.label}, ${group.axis} = ${plain(low.x)} → ${plain(high.x)}`,
      ...meanReadAt(low, high),
    },
  ];
};
