import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { SpecError, type SpecProblem } from '../../spec/problems.ts';
import { readSpec } from '../../spec/spec.ts';
import { writeSpecs } from './helpers.ts';

/** The first stages of a real experiment, up to a generator. */
const head = `experiment: demo
seed: 7
stages:
  faces: {uses: data/procedural}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}"}}
  inquiries: {uses: inquiry/select, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", count: 8}}
  generator: {uses: diffusion/train, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}"}}
`;
const generate = (matrix: string, m: string, rest = ''): string =>
  `  sets: {uses: diffusion/generate, matrix: ${matrix}, with: {generator: "\${{ stages.generator }}", inquiries: "\${{ stages.inquiries }}", m: ${m}}${rest}}\n`;
const student = (matrix: string, data: string, rest = ''): string =>
  `  students: {uses: recognizer/train, matrix: ${matrix}, with: {data: "\${{ ${data} }}"}${rest}}\n`;

const schemas = loadStageSchemas();
const problemsOf = (stages: string): readonly SpecProblem[] => {
  try {
    expandSpec(readSpec('spec.yaml', { cwd: writeSpecs({ 'spec.yaml': `${head}${stages}` }), set: [] }), schemas);
    return [];
  } catch (error) {
    if (error instanceof SpecError) return error.problems;
    throw error;
  }
};
const swept = generate('{m: [0, 0.5]}', '"${{ matrix.m }}"');

describe('an axis that its stage does not use is refused', () => {
  it.each([
    [
      'a parameter of its name has another value',
      generate('{m: [0, 1]}', '0.5'),
      /m = 0 would be made with m = 0\.5/,
      /m: \$\{\{ matrix\.m \}\}/,
    ],
    [
      'a parameter of its name is a list',
      generate('{m: [0, 1]}', '[0, 1]'),
      /m = 0 would be made with m = \[0,1\]/,
      /matrix\.m/,
    ],
    [
      'a parameter of its name has another default',
      student('{lr: [0.5]}', 'stages.faces'),
      /lr = 0\.5 would be made with lr = /,
      /matrix\.lr/,
    ],
    [
      'it takes a set of another value',
      `${swept}${student('{m: [0, 0.5]}', 'stages.sets[m=0.5]')}`,
      /m = 0 would be made with stages\.sets\[m=0\.5\]/,
      /stages\.sets\[m\] \}\}, or give/,
    ],
    [
      'every node has the seed of the experiment',
      student('{seed: [1, 2]}', 'stages.faces'),
      /seed = 1 would be made with seed = 7/,
      /seed: \$\{\{ matrix\.seed \}\}/,
    ],
  ])('where %s', (_, stages, message, remedy) => {
    const [problem, ...more] = problemsOf(stages);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) });
    expect(problem?.line).toBe(`${head}${stages}`.split('\n').length - 1);
  });

  it('where what it takes is fixed at another value of the axis', () => {
    const verify = `  sims: {uses: evaluate/similarity, matrix: {m: [0, 0.5]}, with: {data: "\${{ stages.sets[m=0.5] }}", inquiries: "\${{ stages.inquiries }}", recognizer: "\${{ stages.teacher }}"}}\n`;
    expect(problemsOf(`${swept}${verify}`)).toMatchObject([
      {
        message: expect.stringContaining('m = 0 would be made with stages.sets[m=0.5]'),
        remedy: expect.stringContaining('stages.sets[m]'),
      },
    ]);
  });
});

describe('an axis is accepted', () => {
  it.each([
    ['where a parameter takes it', swept],
    [
      'where the stage takes it through a set, whatever a parameter of that name means here',
      `${swept}${student('{m: [0, 0.5]}', 'stages.sets[m]')}`,
    ],
    ['where the seed takes it', student('{seed: [1, 2]}', 'stages.faces', ', seed: "${{ matrix.seed }}"')],
    ['where nothing in the stage has its name', student('{repeat: [1, 2]}', 'stages.faces')],
    ['where all its values are the one that is used', generate('{m: [0.5]}', '0.5')],
  ])('%s', (_, stages) => {
    expect(problemsOf(stages)).toEqual([]);
  });

  test.each(['quickstart', 'smoke'])('in pipelines/%s.yaml', (name) => {
    const file = fileURLToPath(new URL(`../../pipelines/${name}.yaml`, import.meta.url));
    expect(() => expandSpec(readSpec(file, { cwd: '.', set: [] }), schemas)).not.toThrow();
  });
});
