import { type Mutant, mutantsOf } from '../mutant.ts';

const findings = 'test/provenance/findings.test.ts';
const recompute = 'test/provenance/recompute.test.ts';

/** What an audit recomputes, and what a report is warned of. */
export const provenanceMutants: readonly Mutant[] = [
  ...mutantsOf(
    'provenance/audit/recompute.ts',
    [recompute],
    [
      {
        name: 'audit-recompute/always-same',
        find: 'const same = canonicalJson(metrics as JsonObject) === (await storedText(ref, store));',
        replace: 'const same = (await storedText(ref, store)).length > 0;',
        breaks: 'metrics that were edited count as recomputed',
      },
      {
        name: 'audit-recompute/fault',
        find: "{ fault: 'not reproduced', where, message };\n};",
        replace: "{ fault: 'not verifiable', where, message };\n};",
        breaks: 'a difference under the same code counts as not verifiable',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/findings/leakage.ts',
    [findings],
    [
      {
        name: 'leakage/images-alone',
        find: 'people.count + images.count > 0',
        replace: 'images.count > 0',
        breaks: 'people of a benchmark among the training data are not reported',
      },
      {
        name: 'leakage/people-alone',
        find: 'people.count + images.count > 0',
        replace: 'people.count > 0',
        breaks: 'images of a benchmark among the training data are not reported',
      },
      {
        name: 'leakage/strangers-in-gallery',
        find: "(['judged-data', 'compared-data', 'judge'] as const)",
        replace: "(['judged-data', 'judge'] as const)",
        breaks: 'strangers who are in the gallery are not reported',
      },
      {
        name: 'leakage/strangers-of-generator',
        find: "(['judged-data', 'compared-data', 'judge'] as const)",
        replace: "(['compared-data', 'judge'] as const)",
        breaks: 'strangers whom the generator has learned from are not reported',
      },
      {
        name: 'leakage/strangers-of-judge',
        find: "(['judged-data', 'compared-data', 'judge'] as const)",
        replace: "(['judged-data', 'compared-data'] as const)",
        breaks: 'strangers whom the judge has learned from are not reported',
      },
    ],
  ),
  ...mutantsOf(
    'provenance/findings/selection.ts',
    [findings],
    [
      {
        name: 'selection-finding/same-digest-alone',
        find: '(await facts.people(benchmarks, other)).count > 0 ||\n  (await facts.images(benchmarks, other)).count > 0;',
        replace: 'false;',
        breaks: 'a benchmark under another digest counts as another one',
      },
      {
        name: 'selection-finding/any',
        find: 'if (await isOf(benchmarks, by, facts)) choosers',
        replace: 'if (facts) choosers',
        breaks: 'a choice by any benchmark is reported',
      },
    ],
  ),
];
