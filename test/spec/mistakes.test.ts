import { describe, expect, it } from 'vitest';
import { SpecError } from '../../spec/problems.ts';
import { readSpec } from '../../spec/spec.ts';
import { toJson } from '../../spec/yaml.ts';
import { expandText, problemsOf, unmark, writeSpecs } from './helpers.ts';

/** A spec of two stages; `¦` marks where the mistake is, cases replace or add lines. */
const spec = (stages: string, rest = '', head = 'experiment: demo\nseed: 7\n'): string =>
  `${head}${rest}stages:\n${stages}`;
const faces = '  faces: {uses: data/procedural}\n';
const teacher = '  teacher: {uses: recognizer/train, with: {data: "${{ stages.faces }}"}}\n';
const sets =
  '  sets: {uses: diffusion/generate, matrix: {m: [0, 0.5]}, with: {recognizer: "${{ stages.teacher }}", m: "${{ matrix.m }}"}}\n';
const twoAxes =
  '  sets: {uses: diffusion/generate, matrix: {m: [0, 0.5], n: [1, 2]}, with: {recognizer: "${{ stages.teacher }}", m: "${{ matrix.m }}"}}\n';

it('takes numbers and words that mean one thing, whatever reads them', () => {
  const read = (value: string): unknown =>
    expandText(
      spec('  faces: {uses: data/procedural, with: {identities: "${{ params.a }}"}}\n', `params: {a: ${value}}\n`),
    ).nodes[0]?.params.identities;
  for (const [written, value] of [
    ['0x10', 16],
    ['0o10', 8],
    ['10', 10],
    ['1e1', 10],
  ] as const)
    expect(read(written), written).toBe(value);
  const names = 'params: {words: [yes, "on", 12:30, 2001-01-01, "010"]}\n';
  const { params } = readSpec('spec.yaml', { cwd: writeSpecs({ 'spec.yaml': spec(faces, names) }) });
  expect(toJson(params)).toEqual({ words: ['yes', 'on', '12:30', '2001-01-01', '010'] });
});

type Case = [name: string, marked: string, message: RegExp, remedy: RegExp];

const cases: Case[] = [
  ['an unknown top-level key', spec(faces, '¦parms: {}\n'), /a spec has no key "parms"/, /did you mean "params"\?/],
  [
    'a number with a leading zero',
    spec(faces, '', 'experiment: demo\nseed: ¦010\n'),
    /010 has a leading zero: it would be read as 10, and as an octal number elsewhere/,
    /write 10, or "010" in quotes/,
  ],
  [
    'a negative number with a leading zero',
    spec('  faces: {uses: data/procedural, with: {identities: ¦-007}}\n'),
    /-007 has a leading zero: it would be read as -7/,
    /write -7/,
  ],
  ['a fraction with two zeros', spec(faces, 'params: {m: [¦00.5]}\n'), /00\.5 has a leading zero/, /write 0\.5, or/],
  ['a key with a leading zero', spec(faces, 'params: {a: {¦08: x}}\n'), /08 has a leading zero/, /write 8, or "08"/],
  [
    'a number with underscores',
    spec('  faces: {uses: data/procedural, with: {identities: ¦1_000}}\n'),
    /1_000 is no number in YAML 1\.2: it would be read as a text/,
    /write 1000, or "1_000" in quotes/,
  ],
  ['a binary number', spec(faces, 'params: {a: ¦0b11}\n'), /0b11 is no number in YAML 1\.2/, /decimal digits/],
  [
    'a merge key',
    spec('  faces: {¦<<: *base, uses: data/procedural}\n', 'params: {base: &base {size: 32}}\n'),
    /"<<" does not merge anything: merge keys are not part of YAML 1\.2/,
    /use "extends" to build on another file, and \$\{\{ params\.name \}\} to share values/,
  ],
  [
    'a word that is no truth in YAML 1.2',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", milestones: [¦yes]}}\n`),
    /milestones\[0\] must be an integer, got "yes"/,
    /from 1 to 1000/,
  ],
  ['an unknown key of a stage', spec('  faces: {uses: data/procedural, ¦wiht: {}}\n'), /no key "wiht"/, /"with"/],
  [
    'an unknown stage kind',
    spec('  faces: {uses: ¦data/procedurl}\n'),
    /there is no stage kind "data\/procedurl"/,
    /did you mean "data\/procedural"\?/,
  ],
  [
    'a kind that is like no other',
    spec('  faces: {uses: ¦xyz}\n'),
    /no stage kind "xyz"/,
    /stage kinds: data\/folder, data\/procedural, /,
  ],
  [
    'an unknown parameter',
    spec('  faces:\n    uses: data/procedural\n    with: {size: 32, ¦identites: 3}\n'),
    /data\/procedural has no parameter "identites"/,
    /did you mean "identities"\?/,
  ],
  [
    'an unknown parameter inside a parameter',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", head: {¦margn: 0.4}}}\n`),
    /no parameter "margn"/,
    /"margin"/,
  ],
  [
    'a wrong type',
    spec('  faces: {uses: data/procedural, with: {identities: ¦many}}\n'),
    /stages\.faces\.with\.identities must be an integer, got "many"/,
    /an integer from 1 to 100000 identities \(default 400\)/,
  ],
  [
    'a negative count',
    spec('  faces: {uses: data/procedural, with: {identities: ¦-3}}\n'),
    /identities must be at least 1, got -3/,
    /from 1 to 100000 identities/,
  ],
  [
    'a number above its range',
    spec('  faces: {uses: data/procedural, with: {size: ¦2000}}\n'),
    /size must be at most 256, got 2000/,
    /from 16 to 256 pixels/,
  ],
  [
    'a bad item of a list',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", milestones: [3, ¦0]}}\n`),
    /milestones\[1\] must be at least 1, got 0/,
    /from 1 to 1000/,
  ],
  [
    'a word that is no choice',
    spec('  faces: {uses: data/procedural, with: {population: ¦trainin}}\n'),
    /must be one of training, inquiry, got "trainin"/,
    /did you mean "training"\?/,
  ],
  [
    'a value of none of the forms allowed',
    spec(
      `${faces}${teacher}  s: {uses: diffusion/generate, with: {recognizer: "\${{ stages.teacher }}", noise: ¦7}}\n`,
    ),
    /noise has none of the forms that it may have, got 7/,
    /a number from 0 to 1, or "shared"/,
  ],
  [
    'a missing parameter',
    spec(`${faces}  ¦teacher: {uses: recognizer/train}\n`),
    /stages\.teacher\.with\.data is missing: recognizer\/train needs dataset/,
    /add data: \$\{\{ stages\.faces \}\}/,
  ],
  ['a stage without a kind', spec('  ¦faces: {with: {}}\n'), /stages\.faces says no kind/, /add uses: <kind>/],
  [
    'an unknown stage',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "¦\${{ stages.face }}"}}\n`),
    /there is no stage "face"/,
    /did you mean "faces"\?/,
  ],
  [
    'an unknown output',
    spec(
      `${faces}${teacher}  v: {uses: evaluate/verification, with: {recognizer: "¦\${{ stages.teacher.weight }}"}}\n`,
    ),
    /stages\.teacher has no output "weight"/,
    /did you mean "weights"\?/,
  ],
  [
    'an unknown param',
    spec('  faces: {uses: data/procedural, with: {identities: ¦${{ params.cuont }}}}\n', 'params: {count: 3}\n'),
    /there is no params\.cuont/,
    /did you mean "count"\?/,
  ],
  [
    'an unknown key inside a param',
    spec('  faces: {uses: data/procedural, with: {identities: ¦${{ params.n.facs }}}}\n', 'params: {n: {faces: 3}}\n'),
    /params\.n has no "facs"/,
    /"faces"/,
  ],
  [
    'params that name each other',
    spec(faces, 'params: {a: "${{ params.b }}", b: "¦${{ params.a }}"}\n'),
    /params\.a → params\.b → params\.a/,
    /give one of them a value/,
  ],
  [
    'an artifact of the wrong type',
    spec(`${faces}${teacher}  v: {uses: recognizer/train, with: {data: ¦"\${{ stages.teacher }}"}}\n`),
    /stages\.v\.with\.data expects dataset, got the weights of stages\.teacher/,
    /write \$\{\{ stages\.faces \}\}/,
  ],
  [
    'a word where an artifact belongs',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: ¦faces}}\n`),
    /data expects dataset, got "faces"/,
    /\$\{\{ stages\.faces \}\}/,
  ],
  [
    'an artifact where a number belongs',
    spec(`${faces}${teacher}  f: {uses: data/procedural, with: {size: ¦"\${{ stages.teacher }}"}}\n`),
    /size must be an integer, got the weights of stages\.teacher/,
    /an integer from 16 to 256/,
  ],
  [
    'one artifact where a list belongs',
    `${spec(`${faces}${teacher}  v: {uses: evaluate/verification, with: {recognizer: "\${{ stages.teacher }}"}}\n`)}report: {verification: ¦"\${{ stages.v }}"}\n`,
    /report\.verification expects a list of metrics, got the metrics of stages\.v/,
    /write \$\{\{ stages\.v\[\*\] \}\} or \$\{\{ stages\.teacher\[\*\]\.log \}\}/,
  ],
  [
    'a cycle',
    spec(
      '  a: {uses: recognizer/train, with: {data: "¦${{ stages.b }}"}}\n' +
        '  b: {uses: diffusion/generate, with: {recognizer: "${{ stages.a }}"}}\n',
    ),
    /the stages need each other: a → b → a/,
    /take one of these references out/,
  ],
  [
    'a matrix stage named without a choice',
    spec(`${faces}${teacher}${sets}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets }}"}}\n`),
    /stages\.sets is a matrix over m: the reference does not say which m/,
    /write \[m=0\] for one, or \[\*\] for all/,
  ],
  [
    'an axis that the stage at hand has not',
    spec(`${faces}${teacher}${sets}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets[m] }}"}}\n`),
    /stages\.s has no matrix axis "m", so \[m\] means nothing here/,
    /write \[m=<value>\] \(0, 0\.5\)/,
  ],
  [
    'a matrix value that is not there',
    spec(`${faces}${teacher}${sets}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets[m=0.7] }}"}}\n`),
    /stages\.sets has no m=0\.7/,
    /its values of m: 0, 0\.5/,
  ],
  [
    'an axis that the other stage has not',
    spec(`${faces}${teacher}${sets}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets[k=1] }}"}}\n`),
    /stages\.sets has no matrix axis "k"/,
    /axes of stages\.sets: m/,
  ],
  [
    'a choice from a stage without a matrix',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "¦\${{ stages.faces[m=1] }}"}}\n`),
    /stages\.faces has no matrix, so nothing can be chosen by \[m\]/,
    /write \$\{\{ stages\.faces \}\}/,
  ],
  [
    'one of two axes chosen',
    spec(`${faces}${teacher}${twoAxes}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets[m=0] }}"}}\n`),
    /stages\.sets is a matrix over m, n: the reference does not say which n/,
    /\[n=1\]/,
  ],
  [
    'a matrix value named outside a matrix',
    spec('  faces: {uses: data/procedural, with: {size: ¦${{ matrix.m }}}}\n'),
    /stages\.faces has no matrix axis "m"/,
    /add matrix: \{m: \[…\]\}/,
  ],
  [
    'a matrix that is no list',
    spec('  faces: {uses: data/procedural, matrix: {m: ¦3}}\n'),
    /matrix\.m must be a list of values, got 3/,
    /write \[0, 0\.5\]/,
  ],
  [
    'a matrix without values',
    spec('  faces: {uses: data/procedural, matrix: {m: ¦[]}}\n'),
    /has no values/,
    /at least one/,
  ],
  [
    'a matrix value given twice',
    spec('  f: {uses: data/procedural, matrix: {m: [1, ¦1]}}\n'),
    /holds 1 twice/,
    /keep one/,
  ],
  [
    'a matrix value that cannot name a node',
    spec('  f: {uses: data/procedural, matrix: {m: [¦a/b]}}\n'),
    /cannot name a node/,
    /letters, digits/,
  ],
  [
    'a single axis that varies together',
    spec('  f: {uses: data/procedural, matrix: {zip: ¦{m: [1, 2]}}}\n'),
    /matrix\.zip joins two axes or more, got 1 axis/,
    /write zip: \{/,
  ],
  [
    'axes that vary together, of different lengths',
    spec('  f: {uses: data/procedural, matrix: {zip: {m: [1, 2], n: ¦[1]}}}\n'),
    /of one length: m has 2 values, n has 1/,
    /the same number/,
  ],
  [
    'an axis that is there twice',
    spec('  f: {uses: data/procedural, matrix: {m: [1], zip: {¦m: [1, 2], n: [3, 4]}}}\n'),
    /matrix has the axis m twice/,
    /keep one/,
  ],
  [
    'points that are no list',
    spec('  f: {uses: data/procedural, matrix: {m: [1], exclude: ¦{m: 1}}}\n'),
    /matrix\.exclude must be a list of points, got a mapping/,
    /write exclude: \[\{/,
  ],
  [
    'an excluded point on an unknown axis',
    spec('  f: {uses: data/procedural, matrix: {seeds: [1], exclude: [¦{seed: 1}]}}\n'),
    /matrix has no axis "seed"/,
    /did you mean "seeds"\?/,
  ],
  [
    'an excluded point that is none',
    spec('  f: {uses: data/procedural, matrix: {m: [1], exclude: [¦{m: 2}]}}\n'),
    /excludes nothing/,
    /correct a value/,
  ],
  [
    'all points excluded',
    spec('  ¦f: {uses: data/procedural, matrix: {m: [1], exclude: [{m: 1}]}}\n'),
    /excludes all of its nodes/,
    /exclude fewer/,
  ],
  [
    'an included point without a value of an axis',
    spec('  f: {uses: data/procedural, matrix: {m: [1], n: [2], include: [¦{m: 2}]}}\n'),
    /this point has no value of n/,
    /add n: <value>/,
  ],
  [
    'an included point that is there already',
    spec('  f: {uses: data/procedural, matrix: {m: [1, 2], include: [¦{m: 2}]}}\n'),
    /has this point already/,
    /take one/,
  ],
  [
    'a reference to a point that is left out',
    spec(
      `${faces}${teacher}${twoAxes.replace('n: [1, 2]', 'n: [1, 2], exclude: [{m: 0, n: 1}]')}  s: {uses: recognizer/train, with: {data: "¦\${{ stages.sets[m=0, n=1] }}"}}\n`,
    ),
    /stages\.sets\[m=0,n=1\] is no node/,
    /its nodes: sets\[m=0,n=2\], sets\[m=0\.5,n=1\], sets\[m=0\.5,n=2\]/,
  ],
  [
    'a stage named by an axis that is not there',
    spec(`${faces}  t: {uses: recognizer/train, with: {data: "¦\${{ stages[matrix.of] }}"}}\n`),
    /stages\.t has no matrix axis "of"/,
    /add matrix: \{of: \[…\]\}/,
  ],
  [
    'a stage named by a value that names none',
    spec(`${faces}  t: {uses: recognizer/train, matrix: {of: [face]}, with: {data: "¦\${{ stages[matrix.of] }}"}}\n`),
    /there is no stage "face"/,
    /did you mean "faces"\?/,
  ],
  [
    'a reference that computes',
    spec('  f: {uses: data/procedural, with: {size: "¦${{ params.a + 1 }}"}}\n', 'params: {a: 1}\n'),
    /params\.a \+ 1 \}\} is not a reference/,
    /nothing can be computed here/,
  ],
  [
    'a reference to a wrong root',
    spec('  f: {uses: data/procedural, with: {size: "¦${{ param.a }}"}}\n'),
    /not a reference/,
    /"params"/,
  ],
  [
    'a reference that is never closed',
    spec('  f: {uses: data/procedural, with: {size: "¦${{ params.a"}}\n'),
    /never closed/,
    /\}\}/,
  ],
  [
    'an artifact inside a text',
    spec(
      `${faces}${teacher}  v: {uses: evaluate/verification, with: {recognizer: "\${{ stages.teacher }}", title: "of ¦\${{ stages.faces }}"}}\n`,
    ),
    /a text cannot hold an artifact/,
    /whole value/,
  ],
  [
    'a key given twice',
    spec('  faces: {uses: data/procedural}\n  ¦faces: {uses: data/procedural}\n'),
    /key "faces" is given twice/,
    /keep one/,
  ],
  ['a tab', 'experiment: demo\nseed: 7\nstages:\n¦\tfaces: {uses: data/procedural}\n', /got a tab/, /spaces/],
  ['a tag', spec('  faces: {uses: ¦!!js/function data/procedural}\n'), /YAML tags cannot be used/, /plain value/],
  ['a second document', `${spec(faces)}¦---\nx: 1\n`, /one YAML document/, /a separate file/],
  ['an alias without an anchor', spec('  faces: ¦*nowhere\n'), /no anchor &nowhere/, /write the value out/],
  [
    'an integer that would lose digits',
    spec(faces, '', 'experiment: demo\nseed: ¦9007199254740993\n'),
    /too large/,
    /quote it/,
  ],
  [
    'a number that is none',
    spec('  f: {uses: data/procedural, with: {size: ¦.nan}}\n'),
    /must be finite/,
    /finite number/,
  ],
  [
    'a negative seed',
    spec(faces, '', 'experiment: demo\nseed: ¦-1\n'),
    /seed must be an integer of at least 0, got -1/,
    /seed: 7/,
  ],
  ['no seed', spec(faces, '', '¦experiment: demo\n'), /no seed/, /add seed: 7/],
  [
    'a bad name of the experiment',
    spec(faces, '', 'seed: 7\nexperiment: ¦Demo Run\n'),
    /experiment must be a name/,
    /small letter/,
  ],
  [
    'a bad name of a stage',
    spec('  ¦My Faces: {uses: data/procedural}\n'),
    /cannot be the name of a stage/,
    /small letter/,
  ],
  [
    'a stage called report',
    spec(`${faces}  ¦report: {uses: data/procedural}\n`),
    /no stage may be called "report"/,
    /report block/,
  ],
  ['no stages', 'experiment: demo\nseed: 7\n¦stages: {}\n', /has no stages/, /add stages/],
  [
    'a list where a mapping belongs',
    spec('  faces: ¦[1]\n'),
    /stages\.faces must be a mapping, got a list of 1/,
    /key: value/,
  ],
  [
    'a key that looks like a secret',
    spec(faces, 'params: {¦s3SecretKey: abc}\n'),
    /"s3SecretKey" looks like a secret/,
    /environment/,
  ],
  [
    'an address with a password',
    spec(faces, 'params: {url: ¦https://me:pw@example.org}\n'),
    /looks like a secret/,
    /environment/,
  ],
  [
    'a key that would reach a prototype',
    spec(faces, 'params: {¦__proto__: {x: 1}}\n'),
    /"__proto__" cannot be a key/,
    /another name/,
  ],
];

describe('a mistake in a spec is shown at its place, with what would be right', () => {
  it.each(cases)('%s', (_, marked, message, remedy) => {
    const { text, line, column } = unmark(marked);
    const found = problemsOf({ 'spec.yaml': text });
    const shown = found.map((problem) => `${problem.line}:${problem.column} ${problem.message} | ${problem.remedy}`);
    expect(found, shown.join('\n')).toHaveLength(1);
    expect(found[0]).toMatchObject({ file: 'spec.yaml', line, column });
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.remedy).toMatch(remedy);
  });

  it('all mistakes are told at once, with their lines and carets', () => {
    const text = spec('  faces: {uses: data/procedurl}\n  more: {uses: data/procedural, with: {size: 3}}\n');
    try {
      expandText(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpecError);
      const { code, message, problems } = error as SpecError;
      expect(code).toBe('SpecInvalid');
      expect(problems.map((problem) => problem.line)).toEqual([4, 5]);
      expect(message).toContain('spec.yaml:4:17: there is no stage kind "data/procedurl"');
      expect(message).toContain('  4 |   faces: {uses: data/procedurl}\n    |                 ^^^^^^^^^^^^^^');
    }
  });

  it('a stage that needs itself is a cycle', () => {
    const text = spec('  a: {uses: recognizer/train, with: {data: "${{ stages.a.log }}"}}\n');
    const messages = problemsOf({ 'spec.yaml': text }).map((problem) => problem.message);
    expect(messages).toContain('the stages need each other: a → a');
  });

  it('a mistake that every point of a matrix repeats is told once', () => {
    const text = spec('  f: {uses: data/procedural, matrix: {m: [1, 2, 3]}, with: {size: 3}}\n');
    expect(problemsOf({ 'spec.yaml': text })).toHaveLength(1);
  });

  it('a wrong value that came through a param is shown where it was written', () => {
    const { text, line, column } = unmark(
      spec('  f: {uses: data/procedural, with: {size: "${{ params.size }}"}}\n', 'params: {size: ¦3}\n'),
    );
    expect(problemsOf({ 'spec.yaml': text })[0]).toMatchObject({ line, column });
  });

  it('a secret is never printed', () => {
    const [problem] = problemsOf({ 'spec.yaml': spec(faces, 'params: {password: hunter2}\n') });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
});

describe('hostile files end with a problem, not with memory or time', () => {
  it.each([
    [
      'an alias bomb',
      `${spec(faces)}params:\n  a: &a [1,1,1,1,1,1,1,1]\n${'bcdefgh'.replace(
        /./g,
        (c) =>
          `  ${c}: &${c} [${Array(8)
            .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
            .join(',')}]\n`,
      )}`,
    ],
    ['an alias of itself', `${spec(faces)}params: {a: &a [*a]}\n`],
    ['deep nesting', `${spec(faces)}params: {a: ${'['.repeat(200)}${']'.repeat(200)}}\n`],
    ['very deep nesting', `${spec(faces)}params: {a: ${'['.repeat(20000)}${']'.repeat(20000)}}\n`],
    ['a file of 2 MiB', `${spec(faces)}# ${'x'.repeat(2 * 1024 * 1024)}\n`],
    [
      'a matrix of ten thousand',
      spec(
        `  f: {uses: data/procedural, matrix: {a: [${Array.from({ length: 100 }, (_, i) => i)}], b: [${Array.from({ length: 100 }, (_, i) => i)}]}}\n`,
      ),
    ],
  ])('%s', (_, text) => {
    let said = '';
    try {
      expandText(text);
    } catch (error) {
      said = (error as { code: string }).code;
    }
    expect(said).toMatch(/^Spec(Invalid|Unreadable)$/);
  });

  it.each([
    ['an empty file', '', /got an empty file/],
    ['a binary file', 'experiment: \u0000\u001b[31m', /this is not text/],
    ['a list', '- 1\n', /got a list of 1/],
  ])('%s is answered with its place, and sends nothing to the terminal', (_what, text, message) => {
    const [problem, ...more] = problemsOf({ 'spec.yaml': text });
    expect(problem).toMatchObject({ line: 1, message: expect.stringMatching(message) });
    expect(problem?.excerpt).not.toMatch(/[^\P{Cc}\n]/u);
    expect(more).toEqual([]);
  });

  it('an alias bomb is answered alone: nothing is said of what was not read', () => {
    const rows = Array.from({ length: 9 }, (_, i) => `  a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]\n`).join('');
    const bomb = `experiment: x\nparams:\n  a0: &a0 [1, 2]\n${rows}seed: 1\nstages:\n${faces}`;
    expect(problemsOf({ 'spec.yaml': bomb }).map(({ message }) => message)).toEqual([
      'a spec may hold at most 20000 values, aliases counted at each use',
    ]);
  });

  it('an axis that is no list is told once, not again at each reference that chooses by it', () => {
    const text = spec(
      `${faces}  sets: {uses: data/procedural, matrix: {m: 3}}\n  t: {uses: recognizer/train, with: {data: "\${{ stages.sets[m=3] }}"}}\n`,
    );
    expect(problemsOf({ 'spec.yaml': text }).map(({ message }) => message)).toEqual([
      'stages.sets.matrix.m must be a list of values, got 3',
    ]);
  });

  it('a folder and a file too large are answered with what they are', () => {
    const cwd = writeSpecs({ 'specs/one.yaml': spec(faces), 'large.yaml': `# ${'x'.repeat(2 ** 20)}\n` });
    expect(() => readSpec('specs', { cwd })).toThrowError(
      expect.objectContaining({ message: 'specs is a folder', remedy: expect.stringContaining('one.yaml') }),
    );
    expect(() => readSpec('large.yaml', { cwd })).toThrowError(
      expect.objectContaining({
        message: expect.stringContaining('bytes'),
        remedy: expect.stringContaining('extends'),
      }),
    );
  });

  it('a spec that does not exist is answered with its neighbours', () => {
    const cwd = writeSpecs({ 'quickstart.yaml': spec(faces) });
    expect(() => readSpec('quikstart.yaml', { cwd })).toThrowError(
      expect.objectContaining({ code: 'SpecUnreadable', remedy: expect.stringContaining('"quickstart.yaml"') }),
    );
  });
});
