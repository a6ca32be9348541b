import { describe, expect, it } from 'vitest';
import { type ActionKey, type ActionRecord, actionKey, type Machine, type Outputs } from '../../core/action.ts';
import type { ArtifactType } from '../../core/artifact.ts';
import { type Digest, digestOf, hexOf } from '../../core/digest.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { dependenciesOf, type PlanNode, toAction } from '../../core/plan.ts';
import type { RunNode } from '../../core/run-record.ts';
import { nodeWithout, withoutNodes } from '../../core/skips.ts';
import { type Cause, diffRuns, type RunDiff } from '../../provenance/diff/index.ts';
import { diffText } from '../../provenance/diff/text.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';

const ref = (id: string, output = 'out'): JsonObject => ({ $node: id, $output: output });
const plain: Machine = { host: 'a', platform: 'linux', cpu: 'Xeon', cores: 2, node: 'v20' };

interface Declared {
  readonly kind?: string;
  readonly params?: JsonObject;
  readonly seed?: number;
  readonly matrix?: JsonObject;
  /** Outputs depend on it and, unless `still`, on the key. */
  readonly salt?: string;
  readonly still?: boolean;
  readonly machine?: Partial<Machine>;
  readonly skipped?: string;
  readonly unmade?: boolean;
}

/** All runs of a test share a store. */
const store = memoryStore();

/** Source files of kinds: what a worker would have kept. */
const sourceOf = async (kind: string, files: { readonly [path: string]: string }) => {
  const put = Object.entries(files).map(([path, text]) => store.putFile(path, Buffer.from(text), 'text/plain'));
  return store.putArtifact({ type: 'code', meta: { kind, packages: ['sharp@1.0.0'] }, files: await Promise.all(put) });
};

/**
 * A run that is made up. Outputs are functions of the key; the report prints a number for each metrics that it takes.
 *
 * @param sources of kinds: `{"recognizer/train": {"nn/x.ts": "text"}}`
 */
const made = async (
  declared: { readonly [id: string]: Declared },
  { sources = {}, name = 'made' }: { sources?: { [kind: string]: { [path: string]: string } }; name?: string } = {},
): Promise<Lineage> => {
  const nodes: PlanNode[] = [];
  const records = new Map<ActionKey, ActionRecord>();
  const outputs = new Map<string, Outputs>();
  const fates: { [id: string]: RunNode } = {};
  for (const [id, each] of Object.entries(declared)) {
    const { kind = `test/${id.split('[')[0]}`, params = {}, seed = 7, matrix = {}, salt = '', still = false } = each;
    const files = sources[kind] ?? { [`activities/${kind}.ts`]: kind };
    const node: PlanNode = {
      ...{ id, stage: id.split('[')[0] as string, kind, matrix, params, seed, code: digestOf(JSON.stringify(files)) },
      ...{ resource: 'cpu', sharded: false, outputs: { out: 'metrics' } },
    };
    nodes.push(node);
    const lost = dependenciesOf(node).filter((need) => !outputs.has(need));
    if (each.skipped !== undefined) fates[id] = { skipped: each.skipped };
    if (each.skipped !== undefined || each.unmade || (lost.length > 0 && kind !== 'report/build')) continue;
    const skips = lost.map((stage) => ({ stage, because: 'skipped' }));
    const action = toAction(nodeWithout(node, skips), outputs);
    const key = actionKey(action);
    const type: ArtifactType = kind === 'report/build' ? 'report' : 'metrics';
    const digest = digestOf(still ? salt : `${key} ${salt}`);
    const own: Outputs =
      type === 'report'
        ? { out: await reportOf(withoutNodes(node.params, new Set(lost)), outputs) }
        : { out: { type, digest } };
    outputs.set(id, own);
    const source = { code: await sourceOf(kind, files) };
    records.set(key, recordOf(action, own, { source, machine: { ...plain, ...each.machine } }));
    fates[id] = { key };
  }
  const run = {
    ...{ id: name, experiment: 'made', plan: { experiment: 'made', nodes }, nodes: fates },
    ...{ spec: { path: '/made.yaml' }, startedAt: '2026-01-01T00:00:00+00:00' },
  };
  return { run, records, digests: new Map<ActionKey, Digest>() };
};

const reportOf = async (params: JsonObject, outputs: ReadonlyMap<string, Outputs>) => {
  const printed = (params.rows as { of: { $node: string } }[]).map(({ of: { $node } }, i) => {
    const digest = (outputs.get($node) as Outputs).out?.digest as Digest;
    const text = String(Number.parseInt(hexOf(digest).slice(0, 6), 16));
    const read = { artifacts: [digest], inputs: [`rows.${i}.of`], at: ['m.json'] };
    return { id: `number.${$node}`, what: `of ${$node}`, text, ...read, quoted: false };
  });
  const bytes = Buffer.from(JSON.stringify({ printed }));
  const file = await store.putFile('report.json', bytes, 'application/json');
  return store.putArtifact({ type: 'report', meta: {}, files: [file] });
};

/** Data, a teacher that learns from it, what it scores beside what nothing of this changes, and the report of both. */
const base = (more: { readonly [id: string]: Declared } = {}): { [id: string]: Declared } => {
  const report = { kind: 'report/build', params: { rows: [{ of: ref('verify') }, { of: ref('other') }] } };
  const nodes = {
    faces: { kind: 'data/folder', params: { content: digestOf('photos') } },
    teacher: { params: { data: ref('faces'), epochs: 14 } },
    verify: { params: { recognizer: ref('teacher') } },
    other: { kind: 'data/procedural' },
    ...more,
  };
  const { report: own = report, ...rest } = nodes as { [id: string]: Declared };
  return { ...rest, report: own };
};

const compare = async (
  before: Parameters<typeof made>,
  now: Parameters<typeof made>,
): Promise<RunDiff & { readonly text: string }> => {
  const diff = await diffRuns(
    await made(before[0], { name: 'made-1', ...before[1] }),
    await made(now[0], { name: 'made-2', ...now[1] }),
    store,
  );
  return { ...diff, text: diffText(diff) };
};

const told = (causes: readonly Cause[]) =>
  causes.map(({ what, nodes, followers, numbers }) => ({ what, nodes, followers, numbers }));
const downstream = { followers: ['verify', 'report'], numbers: ['number.verify'] };

describe('the first cause', () => {
  it('of a changed parameter is where it stands, and what comes after it follows', async () => {
    const diff = await compare([base()], [base({ teacher: { params: { data: ref('faces'), epochs: 12 } } })]);
    expect(told(diff.causes)).toEqual([{ what: 'parameter', nodes: ['teacher'], ...downstream }]);
    expect(diff.causes[0]?.text).toBe('parameter epochs: 14 → 12');
    expect(diff.nodes.map(({ id, state, causes }) => [id, state, causes])).toEqual([
      ['teacher', 'differs', [1]],
      ['verify', 'differs', [1]],
      ['report', 'differs', [1]],
    ]);
    expect(diff.nodes[1]?.inputs).toMatchObject([{ node: 'teacher', output: 'out' }]);
    expect(diff.numbers).toHaveLength(1);
    expect(diff.numbers[0]).toMatchObject({ id: 'number.verify', what: 'of verify', causes: [1] });
    expect(diff.numbers[0]?.before).not.toBe(diff.numbers[0]?.now);
    expect([diff.numbersCompared, diff.nodesCompared, diff.equal]).toEqual([2, 5, false]);
  });

  it('of other photos is the folder, and of another seed the seed: one cause, however many nodes have it', async () => {
    const photos = base({ faces: { kind: 'data/folder', params: { content: digestOf('others') } } });
    const { causes } = await compare([base()], [photos]);
    expect(causes).toMatchObject([{ what: 'content', nodes: ['faces'], text: 'files changed (read by faces)' }]);
    expect(causes[0]?.followers).toEqual(['teacher', 'verify', 'report']);

    const seeded = Object.fromEntries(Object.entries(base()).map(([id, each]) => [id, { ...each, seed: 8 }]));
    const seeds = await compare([base()], [seeded]);
    expect(told(seeds.causes)).toEqual([
      { what: 'seed', nodes: Object.keys(base()), followers: [], numbers: ['number.verify', 'number.other'] },
    ]);
  });

  it('of other code names the files, once for all kinds that they are part of', async () => {
    const code = (text: string) => ({
      'test/teacher': { 'activities/teacher.ts': 't', 'nn/adamw.ts': text },
      'test/verify': { 'activities/verify.ts': 'v', 'nn/adamw.ts': text },
    });
    const {
      causes,
      code: files,
      nodes,
    } = await compare([base(), { sources: code('a') }], [base(), { sources: code('b') }]);
    expect(causes).toMatchObject([
      { what: 'code', nodes: ['teacher', 'verify'], followers: ['report'], text: 'code: nn/adamw.ts changed' },
    ]);
    expect(files.map(({ kind, changed, effective }) => ({ kind, changed, effective }))).toEqual(
      ['test/teacher', 'test/verify'].map((kind) => ({ kind, changed: ['nn/adamw.ts'], effective: true })),
    );
    expect(nodes[0]?.changes).toEqual([{ what: 'code' }]);
  });

  it('of a node that two changes reach names both', async () => {
    const rows = { rows: [{ of: ref('verify') }, { of: ref('other') }] };
    const all = { both: { params: { a: ref('teacher'), b: ref('other') } } };
    const now = base({
      teacher: { params: { data: ref('faces'), epochs: 12 } },
      other: { kind: 'data/procedural', params: { size: 3 } },
      ...all,
      report: { kind: 'report/build', params: { rows: [...rows.rows, { of: ref('both') }] } },
    });
    const before = base({ ...all, report: now.report as Declared });
    const { causes, numbers } = await compare([before], [now]);
    expect(causes.map(({ text }) => text)).toEqual(['parameter epochs: 14 → 12', 'parameter size: (none) → 3']);
    expect(Object.fromEntries(numbers.map((each) => [each.id, each.causes]))).toEqual({
      'number.verify': [1],
      'number.other': [2],
      'number.both': [1, 2],
    });
  });

  it('stops where outputs are the same in spite of a change', async () => {
    const still = { still: true, salt: 'same weights' };
    const before = base({ teacher: { params: { data: ref('faces'), epochs: 14 }, ...still } });
    const now = base({ teacher: { params: { data: ref('faces'), epochs: 12 }, ...still } });
    const diff = await compare([before], [now]);
    expect(diff.causes).toEqual([]);
    expect(diff.nodes).toMatchObject([
      { id: 'teacher', state: 'same outputs', changes: [{ what: 'parameter', path: 'epochs', before: 14, now: 12 }] },
    ]);
    expect(diff.equal).toBe(false);
    expect(diff.text).toContain('other actions, same outputs: teacher');
    expect(diff.text).toContain('all 2 numbers are equal');
  });

  it('of equal actions with other outputs is that, with what differs between the machines', async () => {
    const teacher = base().teacher as Declared;
    const now = base({ teacher: { ...teacher, salt: 'again', machine: { cpu: 'EPYC' } } });
    const { causes } = await compare([base()], [now]);
    expect(told(causes)).toEqual([{ what: 'not reproducible', nodes: ['teacher'], ...downstream }]);
    expect(causes[0]?.text).toBe('same action, other outputs: cpu: Xeon → EPYC');
    const silent = await compare([base()], [base({ teacher: { ...teacher, salt: 'again' } })]);
    expect(silent.causes[0]?.text).toContain('nothing that was recorded of the machines differs');
  });

  it('of points that were added to a matrix is the point, and a report that lists them follows', async () => {
    const point = (m: number): { [id: string]: Declared } => ({
      [`set[m=${m}]`]: { matrix: { m }, params: { m, of: ref('teacher') } },
      [`score[m=${m}]`]: { matrix: { m }, params: { of: ref(`set[m=${m}]`) } },
    });
    const grown = (...ms: number[]): { [id: string]: Declared } => {
      const { report: _, ...rest } = base();
      const rows = ms.map((m) => ({ of: ref(`score[m=${m}]`) }));
      const points = Object.assign({}, ...ms.map(point)) as { [id: string]: Declared };
      return { ...rest, ...points, report: { kind: 'report/build', params: { title: 'x', rows } } };
    };
    const diff = await compare([grown(0, 1)], [grown(0, 0.5, 1)]);
    expect(diff.causes).toMatchObject([
      {
        what: 'added',
        nodes: ['set[m=0.5]'],
        text: 'point of a matrix added: [m=0.5]',
        numbers: ['number.score[m=0.5]'],
      },
    ]);
    expect(diff.causes[0]?.followers).toEqual(['score[m=0.5]', 'report']);
    expect(diff.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['report', 'differs'],
      ['set[m=0.5]', 'added'],
      ['score[m=0.5]', 'added'],
    ]);
    expect(diff.numbers[0]).not.toHaveProperty('before');
    const back = await compare([grown(0, 0.5, 1)], [grown(0, 1)]);
    expect(back.causes).toMatchObject([{ what: 'removed', nodes: ['set[m=0.5]'] }]);
    expect(back.numbers[0]).not.toHaveProperty('now');
    // Another title beside it is a cause of its own.
    const titled = grown(0, 0.5, 1);
    const { params } = titled.report as Declared;
    const both = await compare(
      [grown(0, 1)],
      [{ ...titled, report: { kind: 'report/build', params: { ...params, title: 'y' } } }],
    );
    expect(both.causes.map(({ what }) => what).sort()).toEqual(['added', 'parameter']);
  });

  it('of what was skipped is the skip, with its reason, and not what could not be made after it', async () => {
    const now = base({ teacher: { ...base().teacher, skipped: 'it diverges' } });
    const { causes, nodes, numbers } = await compare([base()], [now]);
    expect(told(causes)).toEqual([{ what: 'skipped', nodes: ['teacher'], ...downstream }]);
    expect(causes[0]?.text).toBe('skipped in the second run because it diverges');
    expect(nodes.map(({ id }) => id)).toEqual(['teacher', 'verify', 'report']);
    expect(numbers).toMatchObject([{ id: 'number.verify', causes: [1] }]);
    expect(numbers[0]).not.toHaveProperty('now');
  });

  it('of a run that is not at its end is what it has not made', async () => {
    const { causes, notes, numbers, numbersCompared, text } = await compare(
      [base()],
      [base({ verify: { ...base().verify, unmade: true }, report: { ...base().report, unmade: true } })],
    );
    expect(causes).toMatchObject([
      { what: 'not made', nodes: ['verify'], followers: ['report'], text: 'not made in the second run' },
    ]);
    expect([numbers, numbersCompared]).toEqual([[], 0]);
    expect(text).not.toContain('numbers are equal');
    expect(notes[0]).toContain('made-2 has no report');
  });

  it('of an input that was exchanged is the parameter that names another node', async () => {
    const more: { [id: string]: Declared } = { judge: { params: {} } };
    const { verify: _, report: last, ...rest } = base();
    const order = (recognizer: string) => ({
      ...rest,
      ...more,
      verify: { params: { recognizer: ref(recognizer) } },
      report: last as Declared,
    });
    const { causes } = await compare([order('teacher')], [order('judge')]);
    expect(causes).toMatchObject([{ what: 'parameter', nodes: ['verify'] }]);
    expect(causes[0]?.text).toBe('parameter recognizer: stages.teacher.out → stages.judge.out');
  });
});

it('equal runs are said to be equal', async () => {
  const equal = await compare([base()], [base()]);
  expect(equal).toMatchObject({ equal: true, causes: [], nodes: [], numbers: [], code: [], notes: [] });
  expect(equal.text).toBe('made-1 and made-2: 5 nodes and 2 numbers are equal');
});

it('the text has a line for each cause, and both values of each number with the causes behind it', async () => {
  const { text, numbers } = await compare(
    [base()],
    [base({ teacher: { params: { data: ref('faces'), epochs: 12 } } })],
  );
  const [number] = numbers;
  expect(text.split('\n')).toEqual([
    'made-1 → made-2',
    '[1] parameter epochs: 14 → 12',
    '    in teacher; 2 nodes follow: verify, report; 1 number',
    '1 of 2 numbers differs',
    `    number.verify  ${number?.before} → ${number?.now}  [1]`,
  ]);
});

it('files that cannot be read are a note, and the change of code is still told', async () => {
  const [before, now] = [await made(base()), await made(base(), { sources: { 'test/teacher': { 'nn/x.ts': 'x' } } })];
  const gone = { code: { type: 'code', digest: digestOf('gone') } } as const;
  const records = new Map([...before.records].map(([key, record]) => [key, { ...record, source: gone }]));
  const { notes, causes } = await diffRuns({ ...before, records }, now, store);
  expect(notes).toContainEqual(expect.stringContaining('source files of test/teacher are not compared'));
  expect(causes).toMatchObject([{ what: 'code', text: 'code of test/teacher changed', nodes: ['teacher'] }]);
});
