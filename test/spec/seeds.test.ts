import { expect, it } from 'vitest';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';
import { root } from '../cli/helpers.ts';
import { expandText, problemsOf } from './helpers.ts';

const text = `experiment: demo
seeds: [4, 5]
stages:
  faces: {uses: data/procedural}
  pinned: {uses: data/procedural, seed: 9}
  teacher: {uses: recognizer/train, seed: 11, with: {data: "\${{ stages.faces }}"}}
  alone: {uses: recognizer/train, seed: 12, with: {data: "\${{ stages.pinned }}"}}
  sets: {uses: diffusion/generate, matrix: {m: [0, 1]}, with: {recognizer: "\${{ stages.teacher }}", m: "\${{ matrix.m }}"}}
  student: {uses: recognizer/train, matrix: {m: [0, 1]}, with: {data: "\${{ stages.sets[m] }}"}}
  verify: {uses: evaluate/verification, matrix: {m: [0, 1]}, with: {recognizer: "\${{ stages.student[m] }}"}}
report: {verification: "\${{ stages.verify[*] }}"}
`;

const nodesOf = (spec: string, set: string[] = []) =>
  new Map(expandText(spec, set).nodes.map((node) => [node.id, node]));

it('makes once for each seed what names none, and what takes something from that', () => {
  const nodes = nodesOf(text);
  expect([...nodes.keys()].sort()).toEqual(
    [
      ...['alone', 'pinned', 'report', 'faces[seed=4]', 'faces[seed=5]', 'teacher[seed=4]', 'teacher[seed=5]'],
      ...['sets', 'student', 'verify'].flatMap((stage) =>
        [0, 1].flatMap((m) => [4, 5].map((seed) => `${stage}[m=${m},seed=${seed}]`)),
      ),
    ].sort(),
  );
  const seeds = ['faces[seed=5]', 'teacher[seed=5]', 'alone', 'student[m=0,seed=5]', 'report'].map(
    (id) => nodes.get(id)?.seed,
  );
  expect(seeds).toEqual([5, 11, 12, 5, 4]);
  expect(nodes.get('student[m=1,seed=5]')?.params.data).toEqual({ $node: 'sets[m=1,seed=5]', $output: 'data' });
  expect(nodes.get('teacher[seed=4]')?.params.data).toEqual({ $node: 'faces[seed=4]', $output: 'data' });
});

it('a node has the params that it would have if its seed were the only one', () => {
  const single = nodesOf(text.replace('seeds: [4, 5]', 'seed: 5'));
  const both = nodesOf(text);
  const plain = (json: unknown): string => JSON.stringify(json).replace(/,seed=5(?=\])|\[seed=5\]/g, '');
  for (const [id, { params, seed }] of both) {
    if (!id.includes('seed=5')) continue;
    const one = single.get(plain(id).slice(1, -1));
    expect([plain(params), seed], id).toEqual([plain(one?.params), one?.seed]);
  }
});

it('the report gets all seeds where it takes lists', () => {
  expect(nodesOf(text).get('report')?.params.verification).toEqual(
    [0, 1].flatMap((m) =>
      [4, 5].map((seed) => ({
        matrix: { m, seed },
        artifact: { $node: `verify[m=${m},seed=${seed}]`, $output: 'metrics' },
      })),
    ),
  );
  const one = text.replace('stages.verify[*]', 'stages.verify[m=1]');
  expect(nodesOf(one).get('report')?.params.verification).toEqual(
    [4, 5].map((seed) => ({
      matrix: { m: 1, seed },
      artifact: { $node: `verify[m=1,seed=${seed}]`, $output: 'metrics' },
    })),
  );
  const chosen = text.replace('stages.verify[*]', 'stages.verify[m=*, seed=5]');
  expect(nodesOf(chosen).get('report')?.params.verification).toHaveLength(2);
});

it('the quickstart with three seeds: tables and curves get all of them, pictures the first', () => {
  const spec = readSpec('pipelines/quickstart.yaml', { cwd: root, set: ['seeds=[7, 8, 9]'] });
  const { nodes } = expandSpec(spec, loadStageSchemas());
  const report = nodes.at(-1)?.params as { [block: string]: never };
  const { accuracy, curve, grid, comparison } = report as unknown as {
    accuracy: { metrics: unknown[]; meanOver: string[]; volume: unknown[] }[];
    curve: { metrics: unknown[] };
    grid: { data: { $node: string } };
    comparison: { metrics: unknown[]; meanOver: string[] };
  };
  expect(accuracy.map(({ metrics, meanOver }) => [metrics.length, meanOver])).toEqual(
    [3, 3, 3, 12].map((n) => [n, ['seed']]),
  );
  expect([curve.metrics.length, comparison.metrics.length]).toEqual([12, 12]);
  expect(grid.data.$node).toBe('grid[seed=7]');
  expect(nodes.filter(({ stage }) => stage === 'teacher').map(({ id, seed }) => [id, seed])).toEqual(
    [7, 8, 9].map((s) => [`teacher[seed=${s}]`, 8]),
  );
});

it.each([
  ['what is no list', 'seeds: 3', /seeds must be a list of different integers of at least 0, got 3/],
  ['an empty list', 'seeds: []', /seeds must be a list/],
  ['a seed that stands twice', 'seeds: [1, 1]', /seeds must be a list of different integers/],
  ['a negative one', 'seeds: [-1]', /seeds must be a list/],
])('refuses %s', (_, seeds, message) => {
  expect(problemsOf({ 'spec.yaml': text.replace('seeds: [4, 5]', seeds) })[0]?.message).toMatch(message);
});

it('refuses an axis that it would add again', () => {
  const spec = text.replace('faces: {uses: data/procedural}', 'faces: {uses: data/procedural, matrix: {seed: [1]}}');
  expect(problemsOf({ 'spec.yaml': spec })[0]).toMatchObject({
    message: 'stages.faces has an axis seed already, and seeds would add it again',
    line: 4,
  });
});
