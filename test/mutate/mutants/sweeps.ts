import { type Mutant, mutantsOf } from '../mutant.ts';

const references = 'test/core/references.test.ts';
const expand = 'test/spec/expand.test.ts';
const onDemand = 'test/spec/on-demand.test.ts';
const mistakes = 'test/spec/mistakes.test.ts';
const seeds = 'test/spec/seeds.test.ts';
const tables = 'test/report/tables.test.ts';
const measures = 'test/report/measures.test.ts';
const methods = 'test/report/methods.test.ts';
const compare = 'test/provenance/compare.test.ts';

/** Matrices, seeds, and what reports and `compare` make of them. */
export const sweepMutants: readonly Mutant[] = [
  ...mutantsOf(
    'core/expand.ts',
    [references],
    [
      {
        name: 'matrix/zip-combined',
        find: '(group[names[0] as string] ?? []).map((_, i) =>',
        replace: '(group[names[0] as string] ?? []).slice(1).map((_, i) =>',
        breaks: 'the first of the values that vary together is left out',
      },
      {
        name: 'matrix/excludes-others',
        find: '!exclude.some((part) => matches(point, part))',
        replace: 'exclude.length === 0 || exclude.some((part) => matches(point, part))',
        breaks: 'what is excluded is all that is made',
      },
      {
        name: 'matrix/first-of-several',
        find: 'if (!list && second) {',
        replace: 'if (!list && second && points.length < 0) {',
        breaks: 'a reference that could mean several nodes takes the first',
      },
    ],
  ),
  ...mutantsOf(
    'spec/matrix.ts',
    [mistakes],
    [
      {
        name: 'matrix/lengths',
        find: 'values.length !== first.values.length',
        replace: 'values.length < 0',
        breaks: 'axes that vary together may differ in length',
      },
      {
        name: 'matrix/excluded-unseen',
        find: 'else if (!combined.some((point) => matches(point, part)))',
        replace: 'else if (combined.length === 0)',
        breaks: 'an exclusion that hits nothing is not told',
      },
    ],
  ),
  ...mutantsOf(
    'spec/expand.ts',
    [onDemand],
    [
      {
        name: 'on-demand/always',
        find: 'stages.filter(({ onDemand }) => !onDemand)',
        replace: 'stages.filter(({ onDemand }) => onDemand || true)',
        breaks: 'what is made on demand is always made',
      },
    ],
  ),
  ...mutantsOf(
    'core/dag.ts',
    [onDemand],
    [
      {
        name: 'on-demand/directly',
        find: 'open.push(...(byId.get(id)?.needs ?? []));',
        replace: 'if (wanted.includes(id)) open.push(...(byId.get(id)?.needs ?? []));',
        breaks: 'what is needed through another is left out',
      },
    ],
  ),
  ...mutantsOf(
    'spec/spec.ts',
    [expand],
    [
      {
        name: 'extends/base-twice',
        find: 'else if (!layers.has(base)) {',
        replace: 'else {\n    layers.delete(base);',
        breaks: 'a file that two others extend is laid over the first of them',
      },
    ],
  ),
  ...mutantsOf(
    'spec/seeds.ts',
    [seeds],
    [
      {
        name: 'seeds/pinned-inputs',
        find: 'if (from.some((each) => repeated.has(each))) repeated.add(name);',
        replace: 'if (from.length < 0) repeated.add(name);',
        breaks: 'a stage with a seed of its own is made once, whatever it takes',
      },
      {
        name: 'seeds/lists-for-pictures',
        find: 'forms.some(({ artifacts }) => artifacts !== undefined)',
        replace: 'forms.length >= 0',
        breaks: 'a block of pictures gets the sets of all seeds',
      },
    ],
  ),
  ...mutantsOf(
    'report/differences/differences.ts',
    [methods],
    [
      {
        name: 'differences/uncorrected',
        find: 'holm: corrected[i < baseline ? i : i - 1] as number',
        replace: 'holm: own.p',
        breaks: 'p values that are looked at together are not corrected',
      },
      {
        name: 'differences/real-competes',
        find: 'const candidates = rows.filter(competing);',
        replace: 'const candidates = [...rows];',
        breaks: 'real data is the best that made sets are compared with',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/tables/printed.ts',
    [tables],
    [
      {
        name: 'tables/first-printed',
        find: 'if (fitting.length > 1)',
        replace: 'if (fitting.length > 100)',
        breaks: 'of several printed rows the first is quoted',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/tables/read.ts',
    [tables],
    [
      {
        name: 'tables/best-counts',
        find: 'series.accuracy?.values.at(-1)',
        replace: 'series.accuracy?.values.at(0)',
        breaks: 'a training that fell apart counts as converged',
      },
    ],
  ),
  ...mutantsOf(
    'report/blocks/measures/read.ts',
    [measures],
    [
      {
        name: 'measures/number-alone',
        find: 'return column === only ? { value: entry, at: found.at() } : null;',
        replace: 'return { value: entry, at: found.at() };',
        breaks: 'a printed number stands under columns that it does not belong to',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/compare/rows.ts',
    [compare],
    [
      {
        name: 'compare/mixes',
        find: 'if (other === undefined) continue;',
        replace: 'if (other !== label) continue;',
        breaks: 'verifications that differ otherwise are averaged',
      },
      {
        name: 'compare/counts-twice',
        find: '!row.members.some(({ artifact }) => artifact.digest === verified.artifact.digest)',
        replace: 'row.members.length >= 0',
        breaks: 'a result that runs share counts for each of them',
      },
    ],
  ),
];
