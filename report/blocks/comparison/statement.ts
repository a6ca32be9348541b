import { orderOf } from '../../axes.ts';
import { cited } from '../../cited.ts';
import { paragraph, type Statement } from '../../statement.ts';
import type { TableModel } from '../../table.ts';
import type { Compared, Comparison } from './read.ts';
import { columns } from './table.ts';
import type { Shape, Verdict } from './verdict.ts';

/** The tables whose numbers the statement cites. */
export interface Tables {
  readonly points: TableModel;
  readonly ends: TableModel;
}

/** The verdict in sentences, with the numbers that decide it. */
export const statementOf = (compared: Compared, comparison: Comparison, tables: Tables): Statement => {
  const { verdict, name } = compared;
  const sentences = sentencesOf(compared, tables);
  const [first, ...rest] = name ? [[`${name}: `, ...(sentences[0] as Statement)], ...sentences.slice(1)] : sentences;
  if (verdict.contrasts.length === 0) return first as Statement;
  return paragraph([
    first as Statement,
    ...rest,
    ...stepsOf(compared),
    rangeOf(compared, comparison, tables.points),
    ...orderNote(compared, comparison.axis),
    ...(comparison.reported ? [reportedNote(comparison.reported, verdict)] : []),
  ]);
};

const sentencesOf = ({ points, verdict }: Compared, { ends }: Tables): Statement[] => {
  const { shape, contrasts, above, below } = verdict;
  const label = (i: number): string => points[i]?.label as string;
  const difference = (row: number): Statement => {
    const { first, second } = contrasts[row] as Verdict['contrasts'][number];
    const [points, together] = [cited(ends, row, columns.difference), cited(ends, row, columns.together)];
    return [`${label(first)} minus ${label(second)} is `, points, ' points ', together];
  };
  /** A point between, compared with both ends. */
  const withEnds = (i: number | undefined): Statement => {
    const row = contrasts.findIndex(({ first }, at) => at > 0 && first === i);
    return [...difference(row), ', and ', ...difference(row + 1)];
  };
  switch (shape) {
    case 'single':
      return [['There is one point, so nothing is compared.']];
    case 'unordered':
      return [['All points have the same achieved similarity, so accuracy cannot be ordered by it.']];
    case 'peak':
      return [['Accuracy peaks between the ends of achieved similarity: ', ...withEnds(above[0]), '.']];
    case 'dip':
      return [['Accuracy is lowest between the ends of achieved similarity: ', ...withEnds(below[0]), '.']];
    case 'mixed':
      return [
        ['One point between the ends is better than both: ', ...withEnds(above[0]), '.'],
        ['Another is worse than both: ', ...withEnds(below[0]), '.'],
      ];
    case 'rise':
    case 'fall':
      return [
        [`Accuracy ${shape}s from the lowest achieved similarity to the highest: `, ...difference(0), '.'],
        [between(verdict, label)],
      ];
    case 'none':
      return unclear(verdict, difference(0));
  }
};

/** Of a rise or fall: whether a point between could be the best. */
const between = ({ shape, contrasts, open }: Verdict, label: (i: number) => string): string => {
  const { first, second } = contrasts[0] as Verdict['contrasts'][number];
  const better = label(shape === 'rise' ? first : second);
  if (contrasts.length === 1) return 'There is no point between them, so nothing can be said of a peak.';
  if (open.length === 0) return `Every point between them is shown to be worse than ${better}: none of them is a peak.`;
  const be = open.length === 1 ? 'is' : 'are';
  return `No point between them is shown to be better than ${better}, so no peak is shown; ${open.map(label).join(', ')} ${be} not shown to be worse either, so a peak there is not ruled out.`;
};

const unclear = ({ contrasts }: Verdict, ends: Statement): Statement[] => {
  const [{ together }] = contrasts as [Verdict['contrasts'][number]];
  if (together.lowest > 0 || together.highest < 0)
    return [
      ['The ends of achieved similarity differ: ', ...ends, '.'],
      [
        'A point between lies outside them, but is not shown to differ from both: neither a rise or fall nor a peak or dip is shown.',
      ],
    ];
  return [
    ['Accuracy is not shown to rise or fall from the lowest achieved similarity to the highest: ', ...ends, '.'],
    ...(contrasts.length > 1 ? [['No point between is shown to be better than both ends, or worse than both.']] : []),
  ];
};

/** Whether the averages themselves go one way, step by step. */
const stepsOf = ({ points, verdict: { shape, contrasts } }: Compared): Statement[] => {
  if ((shape !== 'rise' && shape !== 'fall') || contrasts.length === 1) return [];
  const steps = points.slice(1).map(({ average }, i) => average - (points[i]?.average as number));
  return steps.every((step) => (shape === 'rise' ? step > 0 : step < 0))
    ? [[`The averages ${shape} at every step.`]]
    : [];
};

const rangeOf = ({ points }: Compared, { recognizer }: Comparison, table: TableModel): Statement => {
  const last = points.length - 1;
  const [low, high] = [cited(table, 0, columns.similarity), cited(table, last, columns.similarity)];
  const [from, to] = [points[0]?.label, points[last]?.label];
  return [
    ...['The achieved similarities reach from ', low, ` (${from}) to `, high, ` (${to}) by ${recognizer}; `],
    'nothing is shown outside this range.',
  ];
};

/** Says so where more was asked for and less was achieved. */
const orderNote = ({ points }: Compared, axis: string): Statement[] => {
  const values = points.map(({ x }) => x);
  if (!values.every((x) => typeof x === 'number')) return [];
  const order = orderOf(values);
  const follows = [order, [...order].reverse()].some((each) => String(each) === String(values));
  return follows ? [] : [[`The order of achieved similarity is not the order of ${axis}.`]];
};

const words: { readonly [shape in Shape]: string } = {
  peak: 'a peak between the ends',
  dip: 'a dip between the ends',
  rise: 'a rise',
  fall: 'a fall',
};

const reportedNote = (reported: Shape, { shape }: Verdict): Statement => [
  shape === reported
    ? `The paper reports ${words[reported]} as well.`
    : `The paper reports ${words[reported]}, over what was asked for and at other similarities: these points neither show one nor test it outside their range.`,
];
