import { type Mutant, mutantsOf } from '../mutant.ts';

const methods = 'test/report/methods.test.ts';
const subjects = 'test/report/subjects.test.ts';
const times = 'test/provenance/times.test.ts';

/** The report's comparison of methods, its order beside a paper's, measured times, and the sheet of the same identities. */
export const methodMutants: readonly Mutant[] = [
  ...mutantsOf(
    'report/blocks/methods/read.ts',
    [methods],
    [
      {
        name: 'methods-read/gap-turned',
        find: 'reference.average - row.average',
        replace: 'row.average - reference.average',
        breaks: 'GtR is negative where a method is worse than real data',
      },
      {
        name: 'methods-read/other-points',
        find: 'gathered(value, place).filter((each) => agrees(each.matrix, matrix))',
        replace: 'gathered(value, place)',
        breaks: 'a row has what was measured at the points of others',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/methods/ranks.ts',
    [methods],
    [
      {
        name: 'ranks/lowest-first',
        find: 'other > value)',
        replace: 'other < value)',
        breaks: 'the worst method has rank 1',
      },
      {
        name: 'ranks/equal-agree',
        find: '<= value(ours, behind)',
        replace: '< value(ours, behind)',
        breaks: 'pairs that are equal here count as agreeing',
      },
      {
        name: 'ranks/tau',
        find: '(agreeing - opposite) / pairs.length',
        replace: 'agreeing / pairs.length',
        breaks: 'τ is the share of agreeing pairs',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/methods/order.ts',
    [methods],
    [
      {
        name: 'methods-order/error',
        find: 'a.averageStd ** 2 / a.runs.length + b.averageStd ** 2 / b.runs.length',
        replace: 'a.averageStd ** 2 + b.averageStd ** 2',
        breaks: 'the deviation of single runs is called the standard error of a mean',
      },
      {
        name: 'methods-order/one-error',
        find: 'Math.abs(difference) > 2 * error',
        replace: 'Math.abs(difference) > error',
        breaks: 'one standard error is called two',
      },
      {
        name: 'methods-order/print-is-ours',
        find: 'ranksOf(rows.map(({ printed }) => printed.average))',
        replace: 'ranksOf(rows.map(({ average }) => average))',
        breaks: 'every rank agrees with the paper',
      },
      {
        name: 'methods-order/not-quoted',
        find: 'at: [`${at}/${what}`], quoted: true',
        replace: 'at: [`${at}/${what}`]',
        breaks: 'a printed number counts as ours',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/methods/table.ts',
    [methods],
    [
      {
        name: 'methods-table/folds',
        find: 'const spread = row.runs.length > 1 ?',
        replace: 'const spread = row.runs.length > 0 ?',
        breaks: 'the deviation over folds is shown as one over seeds',
      },
      {
        name: 'methods-table/real-competes',
        find: 'rows.filter((row) => !row.real && of(row) !== undefined)',
        replace: 'rows.filter((row) => of(row) !== undefined)',
        breaks: 'real data is the best method',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/methods/frechet.ts',
    [methods],
    [
      {
        name: 'methods-frechet/any-space',
        find: 'if (other === undefined) continue;',
        replace: 'continue;',
        breaks: 'distances in the spaces of two recognizers stand in one table',
      },
      {
        name: 'methods-frechet/fid-beside',
        find: "['space', 'recognizer', 'reference']",
        replace: "['recognizer', 'reference']",
        breaks: 'an FID beside a distance in a recognizer’s space is refused for another reason',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/times.ts',
    [times],
    [
      {
        name: 'times/without-shards',
        find: '[record, ...shardsOf(lineage, record)];',
        replace: '[record];',
        breaks: 'the time of shards is left out',
      },
      {
        name: 'times/twice',
        find: "[...new Set(inputs.map((input) => named.get(input) ?? ''))]",
        replace: "inputs.map((input) => named.get(input) ?? '')",
        breaks: 'what is named twice counts twice',
      },
      {
        name: 'times/any-host',
        find: 'other.machine.host === own.machine.host &&',
        replace: 'true &&',
        breaks: 'actions of two machines count as side by side on one',
      },
      {
        name: 'times/own-shards',
        find: '!within(own, other) &&',
        replace: 'true &&',
        breaks: 'a sharded stage runs beside itself',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/subjects/read.ts',
    [subjects],
    [
      {
        name: 'subjects/any-copy',
        find: 'inquiry.pngBase64 === copy.pngBase64',
        replace: 'inquiry.pngBase64 !== undefined',
        breaks: 'a set of other inquiries stands in their rows',
      },
      {
        name: 'subjects/copies-shown',
        find: 'if (image >= generatedImages) {',
        replace: 'if (image > generatedImages) {',
        breaks: 'copies of inquiry images are shown as generated',
      },
    ],
  ),
];
