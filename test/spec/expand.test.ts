import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { dependenciesOf, planDigest, withoutPlaces } from '../../core/plan.ts';
import { compilePlan } from '../../spec/compile.ts';
import { expandSpec } from '../../spec/expand.ts';
import { SpecError } from '../../spec/problems.ts';
import { readSpec } from '../../spec/spec.ts';
import { expandText, fixtureSchemas, problemsOf, writeSpecs } from './helpers.ts';

const text = `experiment: demo
seed: 7
params: {m: [1, 0.5, -0.5], epochs: 3, net: {lr: 0.2}}
stages:
  faces: {uses: data/procedural, with: {identities: 40}}
  teacher:
    uses: recognizer/train
    seed: 11
    with: {data: \${{ stages.faces }}, epochs: \${{ params.epochs }}, lr: "\${{ params.net.lr }}", head: {kind: adaface}}
  sets:
    uses: diffusion/generate
    matrix: {m: \${{ params.m }}}
    with: {recognizer: \${{ stages.teacher }}, m: \${{ matrix.m }}}
  student: {uses: recognizer/train, matrix: {m: \${{ params.m }}}, with: {data: "\${{ stages.sets[m] }}"}}
  verify:
    uses: evaluate/verification
    matrix: {m: \${{ params.m }}}
    with: {recognizer: "\${{ stages.student[m] }}", title: "m is \${{ matrix.m }}, epochs \${{ params.epochs }}"}
report: {verification: "\${{ stages.verify[*] }}"}
`;
const codes = new Map([...fixtureSchemas.keys()].map((kind) => [kind, { digest: digestOf(kind) }]));
const inputs = { schemas: fixtureSchemas, codes, resolveContent: async (): Promise<Digest> => digestOf('photos') };
const node = (id: string, source = text, set: string[] = []) => {
  const found = expandText(source, set).nodes.find((each) => each.id === id);
  if (!found) throw new Error(`no node ${id}`);
  return found;
};

describe('a spec becomes nodes', () => {
  it('a mapping among the params stays as it is, whatever defaults a stage that takes it has', () => {
    const shared = `experiment: demo
seed: 7
params: {head: {kind: adaface}}
stages:
  faces: {uses: data/procedural, with: {identities: 40}}
  one: {uses: recognizer/train, with: {data: \${{ stages.faces }}, head: "\${{ params.head }}"}}
  two: {uses: recognizer/train, with: {data: \${{ stages.faces }}, head: "\${{ params.head }}"}}
`;
    const [, one, two] = expandText(shared).nodes;
    expect(one?.params.head).toEqual(two?.params.head);
    expect(one?.params.head).not.toBe(two?.params.head);
  });

  it('one for each matrix point, the report last, each after what it needs', () => {
    const { nodes } = expandText(text);
    expect(nodes.map(({ id }) => id)).toEqual([
      ...['faces', 'teacher', 'sets[m=1]', 'sets[m=0.5]', 'sets[m=-0.5]'],
      ...[
        'student[m=1]',
        'student[m=0.5]',
        'student[m=-0.5]',
        'verify[m=1]',
        'verify[m=0.5]',
        'verify[m=-0.5]',
        'report',
      ],
    ]);
  });

  it('with defaults filled in, also inside parameters', () => {
    expect(node('teacher').params).toEqual({
      data: { $node: 'faces', $output: 'data' },
      epochs: 3,
      lr: 0.2,
      milestones: [8, 12],
      head: { kind: 'adaface', margin: 0.4 },
    });
  });

  it('with the same matrix value of another stage, and texts made of params', () => {
    expect(node('verify[m=0.5]').params).toEqual({
      recognizer: { $node: 'student[m=0.5]', $output: 'weights' },
      title: 'm is 0.5, epochs 3',
    });
  });

  it('with all points of a stage as a labelled list', () => {
    expect(node('report').params.verification).toEqual(
      [1, 0.5, -0.5].map((m) => ({ matrix: { m }, artifact: { $node: `verify[m=${m}]`, $output: 'metrics' } })),
    );
  });

  it('with the seed of the experiment, or of the stage', () => {
    expect([node('faces').seed, node('teacher').seed]).toEqual([7, 11]);
    const perPoint =
      'experiment: d\nseed: 1\nstages: {f: {uses: data/procedural, matrix: {s: [4, 5]}, seed: "${{ matrix.s }}"}}';
    expect(expandText(perPoint).nodes.map(({ seed }) => seed)).toEqual([4, 5]);
  });

  it('several axes: ids name axes in the order of their names; some axes chosen, others listed', () => {
    const two = `experiment: d
seed: 1
stages:
  f: {uses: data/procedural}
  r: {uses: recognizer/train, matrix: {seed: [1, 2], m: [0, 1]}, seed: "\${{ matrix.seed }}", with: {data: "\${{ stages.f }}"}}
report: {verification: "\${{ stages.r[m=1, seed=*].log }}"}
`;
    expect(expandText(two).nodes.map(({ id }) => id)).toContain('r[m=0,seed=2]');
    expect(node('report', two).params.verification).toEqual(
      [1, 2].map((seed) => ({ matrix: { m: 1, seed }, artifact: { $node: `r[m=1,seed=${seed}]`, $output: 'log' } })),
    );
  });

  it('axes that vary together, points left out and added, and a stage that is named by an axis', () => {
    const sweep = `experiment: d
seed: 1
stages:
  small: {uses: data/procedural, with: {identities: 5}}
  large: {uses: data/procedural, with: {identities: 50}}
  t:
    uses: recognizer/train
    matrix:
      zip: {of: [small, large], epochs: [2, 3]}
      seed: [1, 2]
      exclude: [{of: large, seed: 2}]
      include: [{of: small, epochs: 9, seed: 1}]
    seed: "\${{ matrix.seed }}"
    with: {data: "\${{ stages[matrix.of] }}", epochs: "\${{ matrix.epochs }}"}
  v:
    uses: evaluate/verification
    matrix: {of: [large]}
    with: {recognizer: "\${{ stages.t[of, seed=1, epochs=3] }}"}
`;
    const { nodes } = expandText(sweep);
    const given = nodes.flatMap(({ id, params: { data, epochs } }) => (data ? [[id, data, epochs]] : []));
    const of = ($node: string) => ({ $node, $output: 'data' });
    expect(given).toEqual([
      ['t[epochs=2,of=small,seed=1]', of('small'), 2],
      ['t[epochs=2,of=small,seed=2]', of('small'), 2],
      ['t[epochs=3,of=large,seed=1]', of('large'), 3],
      ['t[epochs=9,of=small,seed=1]', of('small'), 9],
    ]);
    expect(nodes.at(-1)?.params.recognizer).toEqual({ $node: 't[epochs=3,of=large,seed=1]', $output: 'weights' });
  });

  it('a value added to a matrix leaves the other nodes as they were', () => {
    const before = new Map(expandText(text).nodes.map((each) => [each.id, each]));
    const after = expandText(text, ['params.m=[1, 0.5, 0, -0.5]']).nodes;
    const fresh = after.filter((each) => !before.has(each.id)).map(({ id }) => id);
    expect(fresh).toEqual(['sets[m=0]', 'student[m=0]', 'verify[m=0]']);
    for (const each of after)
      if (before.has(each.id) && each.id !== 'report') expect(each).toEqual(before.get(each.id));
  });
});

describe('the plan is a function of what the spec says', () => {
  /** The same YAML mapping with its keys in another order, all the way down. */
  const shuffled = (value: unknown, turn: () => number): unknown => {
    if (Array.isArray(value)) return value.map((item) => shuffled(item, turn));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).map(([key, item]) => [key, shuffled(item, turn)] as const);
    return Object.fromEntries(
      entries
        .map((entry) => [turn(), entry] as const)
        .sort((a, b) => a[0] - b[0])
        .map(([, e]) => e),
    );
  };
  const planOf = async (spec: string) => {
    const cwd = writeSpecs({ 'spec.yaml': spec });
    return compilePlan(readSpec('spec.yaml', { cwd }), inputs);
  };

  it('the order of keys changes neither its digest nor its order of nodes', async () => {
    const { parse, stringify } = await import('yaml');
    const parsed = parse(text.replace(/(: |\{)(\$\{\{[^}]*\}\})/g, '$1"$2"'));
    const first = await planOf(text);
    let state = 1;
    const turn = (): number => {
      state = (state * 16807) % 2147483647;
      return state;
    };
    for (let round = 0; round < 20; round++) {
      const again = await planOf(stringify(shuffled(parsed, turn)));
      expect(planDigest(again)).toBe(planDigest(first));
      expect(again.nodes.map(({ id }) => id)).toEqual(first.nodes.map(({ id }) => id));
    }
  });

  it('every node stands after all that it needs', async () => {
    const { nodes } = await planOf(text);
    for (const [i, each] of nodes.entries()) {
      const earlier = new Set(nodes.slice(0, i).map(({ id }) => id));
      for (const need of dependenciesOf(each)) expect(earlier.has(need)).toBe(true);
    }
  });
});

describe('extends', () => {
  const child = (body: string): { [name: string]: string } => ({
    'base/base.yaml': text,
    'spec.yaml': `extends: ./base/base.yaml\n${body}`,
  });
  const expandFiles = (files: { [name: string]: string }, set: string[] = []) =>
    expandSpec(readSpec('spec.yaml', { cwd: writeSpecs(files), set }), fixtureSchemas);

  it('merges mappings, stages by name, and replaces lists', () => {
    const { experiment, nodes } = expandFiles(
      child('experiment: other\nparams: {m: [0]}\nstages: {faces: {with: {size: 64}}}\n'),
    );
    expect(experiment).toBe('other');
    expect(nodes.map(({ id }) => id)).toEqual([
      'faces',
      'teacher',
      'sets[m=0]',
      'student[m=0]',
      'verify[m=0]',
      'report',
    ]);
    expect(nodes[0]?.params).toMatchObject({ identities: 40, size: 64 });
  });

  it('null removes', () => {
    const { nodes } = expandFiles(child('stages: {verify: null, student: null, sets: null}\nreport: null\n'));
    expect(nodes.map(({ id }) => id)).toEqual(['faces', 'teacher']);
  });

  it('a stage whose kind changes is replaced as a whole', () => {
    const { nodes } = expandFiles(child('stages: {faces: {uses: data/folder, with: {path: photos}}}\n'));
    expect(Object.keys(nodes[0]?.params ?? {})).toEqual(['path']);
  });

  it('several files, each over those before it; one that two of them extend lies below both', () => {
    const { experiment, nodes } = expandFiles({
      'base.yaml': text,
      'small.yaml': 'extends: base.yaml\nparams: {m: [0], epochs: 1}\n',
      'wide.yaml': 'extends: base.yaml\nstages: {faces: {with: {size: 64}}}\n',
      'spec.yaml': 'extends: [small.yaml, wide.yaml]\nexperiment: both\nparams: {epochs: 2}\n',
    });
    expect(experiment).toBe('both');
    expect(nodes.map(({ id }) => id)).toEqual([
      'faces',
      'teacher',
      'sets[m=0]',
      'student[m=0]',
      'verify[m=0]',
      'report',
    ]);
    expect(nodes[0]?.params).toMatchObject({ identities: 40, size: 64 });
    expect(nodes[1]?.params).toMatchObject({ epochs: 2 });
  });

  it('a mistake is shown in the file that made it', () => {
    const files = {
      'base.yaml': text.replace('identities: 40', 'identities: -1'),
      'spec.yaml': 'extends: ./base.yaml\nseed: 8\n',
    };
    expect(problemsOf(files)).toMatchObject([{ file: 'base.yaml', line: 5, column: 53 }]);
  });

  it('a missing file is answered with its neighbours, a circle with its path', () => {
    expect(problemsOf({ 'base.yaml': text, 'spec.yaml': 'extends: ./bas.yaml\n' })).toMatchObject([
      { line: 1, column: 10, message: './bas.yaml does not exist', remedy: 'did you mean "base.yaml"?' },
    ]);
    expect(problemsOf({ 'b.yaml': 'extends: ./spec.yaml\n', 'spec.yaml': 'extends: ./b.yaml\n' })[0]?.message).toBe(
      'the files extend each other: spec.yaml → b.yaml → spec.yaml',
    );
  });
});

describe('--set', () => {
  const files = { 'spec.yaml': text };

  it('sets params, parameters of stages and the seed; the value is YAML', () => {
    const { nodes } = expandText(text, ['params.m=[0]', 'stages.faces.with.size=64', 'seed=9']);
    expect(nodes).toHaveLength(6);
    expect(nodes[0]).toMatchObject({ seed: 9, params: { size: 64, identities: 40 } });
  });

  it('one of them replaces a stage as a whole: real photos in the place of drawn faces', () => {
    const { nodes } = expandText(text, ['stages.faces={uses: data/folder, with: {path: ./photos}}']);
    expect(nodes[0]).toMatchObject({ id: 'faces', kind: 'data/folder' });
  });

  it.each([
    ['params.x=1', 1, /params has no "x" to set/, /params in the spec: epochs, m, net/],
    ['param.m=1', 1, /a spec has no "param" to set/, /did you mean "params"\?/],
    ['stages.facs.with.size=64', 1, /stages has no "facs" to set/, /did you mean "faces"\?/],
    ['stages.faces.with.sise=64', 1, /no parameter "sise"/, /did you mean "size"\?/],
    ['stages.faces.size=64', 1, /a stage has no key "size"/, /parameters belong under stages\.faces\.with/],
    ['stages.faces.with.size=-64', 24, /size must be at least 16, got -64/, /from 16 to 256 pixels/],
    ['params.m.first=1', 1, /params\.m is not a mapping/, /set params\.m whole/],
    ['params.m', 1, /an override is <path>=<value>/, /--set params\.m=/],
    ['params.m=[1', 12, /this is not YAML/, /brackets/],
  ])('%s is answered at its column', (set, column, message, remedy) => {
    const [problem] = problemsOf(files, [set]);
    expect(problem).toMatchObject({ file: `--set ${set}`, line: 1, column });
    expect(problem?.message).toMatch(message);
    expect(problem?.remedy).toMatch(remedy);
  });

  it('an override that changes nothing is refused', () => {
    const unused = { 'spec.yaml': text.replace('params: {', 'params: {spare: 1, ') };
    expect(problemsOf(unused, ['params.spare=2'])[0]?.message).toBe(
      'this changes nothing: no value of the spec uses params.spare',
    );
  });
});

describe('files that a stage reads from outside the store', () => {
  const folderSpec =
    'experiment: d\nseed: 1\nparams: {photos: ./photos}\nstages: {faces: {uses: data/folder, with: {path: "${{ params.photos }}"}}}\n';

  it('enter the params by their digest, found from the spec file or, for --set, from the working folder', async () => {
    const cwd = writeSpecs({ 'specs/spec.yaml': folderSpec });
    mkdirSync(join(cwd, 'mine'));
    writeFileSync(join(cwd, 'mine/x'), 'x');
    const asked: string[] = [];
    const resolveContent = async (path: string): Promise<Digest> => {
      asked.push(path);
      return digestOf(path);
    };
    const plan = await compilePlan(readSpec('specs/spec.yaml', { cwd }), { ...inputs, resolveContent });
    expect(plan.nodes[0]?.params.content).toBe(digestOf(join(cwd, 'specs/photos')));
    await compilePlan(readSpec('specs/spec.yaml', { cwd, set: ['params.photos=mine'] }), { ...inputs, resolveContent });
    expect(asked).toEqual([join(cwd, 'specs/photos'), join(cwd, 'mine')]);
  });

  it('are the same work wherever they lie: params and run id hold no path, and the worker is told the place', async () => {
    const plans = await Promise.all(
      ['./photos', '../elsewhere/faces'].map((path) => {
        const cwd = writeSpecs({ 'specs/spec.yaml': folderSpec.replace('./photos', path) });
        return compilePlan(readSpec('specs/spec.yaml', { cwd }), inputs).then((plan) => ({ plan, cwd }));
      }),
    );
    const [here, there] = plans as [(typeof plans)[0], (typeof plans)[0]];
    expect(here.plan.nodes[0]?.params).toEqual({ content: digestOf('photos') });
    expect(here.plan.nodes[0]?.params).toEqual(there.plan.nodes[0]?.params);
    expect(planDigest(here.plan)).toBe(planDigest(there.plan));
    expect(here.plan.nodes[0]?.places).toEqual({
      path: { path: join(here.cwd, 'specs/photos'), written: './photos' },
    });
    expect(JSON.stringify(withoutPlaces(there.plan))).not.toContain(there.cwd);
  });

  it('are written down without their folders where the spec names an absolute path', async () => {
    const cwd = writeSpecs({ 'spec.yaml': folderSpec.replace('./photos', '/home/me/faces') });
    const plan = await compilePlan(readSpec('spec.yaml', { cwd }), inputs);
    expect(plan.nodes[0]?.places).toEqual({ path: { path: '/home/me/faces', written: 'faces' } });
  });

  it('that cannot be read are shown at the path in the spec', async () => {
    const cwd = writeSpecs({ 'spec.yaml': folderSpec });
    const resolveContent = async (): Promise<Digest> => {
      throw new CemiflowError('FolderMissing', 'there is no folder photos', { remedy: 'check the path' });
    };
    const refused = compilePlan(readSpec('spec.yaml', { cwd }), { ...inputs, resolveContent });
    await expect(refused).rejects.toThrow(SpecError);
    await expect(refused).rejects.toMatchObject({
      problems: [{ line: 3, column: 18, message: 'there is no folder photos' }],
    });
  });
});
