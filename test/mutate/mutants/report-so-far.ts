import { type Mutant, mutantsOf } from '../mutant.ts';

const page = 'test/report/so-far.test.ts';
const follower = 'test/client/growing-report.test.ts';

/** The report of a run that is not done, and followers that write it. */
export const reportSoFarMutants: readonly Mutant[] = [
  ...mutantsOf(
    'core/so-far.ts',
    [page],
    [
      {
        name: 'so-far/skipped-is-missing',
        find: 'nodes.filter(({ id }) => inputs.includes(id) && !skipped.has(id))',
        replace: 'nodes.filter(({ id }) => inputs.includes(id))',
        breaks: 'a skipped stage counts as not made yet',
      },
      {
        name: 'so-far/whole',
        find: 'return made < own.length ? [[name, { made, of: own.length }]] : [];',
        replace: 'return [];',
        breaks: 'a block that lacks inputs is taken for whole',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/publish/so-far.ts',
    [page],
    [
      {
        name: 'so-far/concludes-early',
        find: 'block.needsAll && partial.has(name)',
        replace: 'block.needsAll && !partial.has(name)',
        breaks: 'a comparison is drawn from half of its points',
      },
      {
        name: 'so-far/key-figures',
        find: 'drawing: { ...drawing, parts }',
        replace: 'drawing: { ...content.drawing, parts }',
        breaks: 'the best of half of the sets is a key figure',
      },
      {
        name: 'so-far/empty-page',
        find: 'return shows ?',
        replace: 'return shows || true ?',
        breaks: 'a page is written that shows nothing of the run',
      },
    ],
  ),
  ...mutantsOf(
    'client/growing-report.ts',
    [follower],
    [
      {
        name: 'growing/no-pause',
        find: ' || Date.now() < nextAtMs)',
        replace: ')',
        breaks: 'the page is written as often as the run is looked at',
      },
      {
        name: 'growing/over-the-report',
        find: 'if (isDone) stopped.abort();',
        replace: '',
        breaks: 'a report so far may be written over the report',
      },
      {
        name: 'growing/last-is-lost',
        find: 'if (!isDone && settledIn(last) !== shown) await write(last);',
        replace: '',
        breaks: 'what a run made just before it failed is not shown',
      },
      {
        name: 'growing/told-each-time',
        find: 'if (!stopped.signal.aborted && !hasFailed)',
        replace: 'if (!stopped.signal.aborted)',
        breaks: 'the same trouble is told again and again',
      },
    ],
  ),
];
