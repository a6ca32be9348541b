import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { compilePlan } from '../../spec/compile.ts';
import { readSpec } from '../../spec/spec.ts';
import { expandText, fixtureSchemas, problemsOf, writeSpecs } from './helpers.ts';

const text = `experiment: demo
seed: 7
stages:
  faces: {uses: data/procedural, onDemand: true}
  other: {uses: data/procedural, onDemand: true}
  teacher: {uses: recognizer/train, onDemand: true, matrix: {epochs: [1, 2, 3]}, with: {data: "\${{ stages.faces }}", epochs: "\${{ matrix.epochs }}"}}
  verify: {uses: evaluate/verification, with: {recognizer: "\${{ stages.teacher[epochs=2] }}"}}
`;
const idsOf = (spec: string, set: string[] = []): string[] => expandText(spec, set).nodes.map(({ id }) => id);

it('of a stage on demand those nodes are made that another needs, directly or through others', () => {
  expect(idsOf(text)).toEqual(['faces', 'teacher[epochs=2]', 'verify']);
  expect(idsOf(text, ['stages.teacher.onDemand=false', 'stages.other.onDemand=null'])).toEqual([
    ...['faces', 'other', 'teacher[epochs=1]', 'teacher[epochs=2]', 'teacher[epochs=3]', 'verify'],
  ]);
  expect(
    idsOf(
      `${text.replace('verify: {', 'verify: {onDemand: true, ')}report: {verification: "\${{ stages.verify[*] }}"}\n`,
    ),
  ).toEqual(['faces', 'teacher[epochs=2]', 'verify', 'report']);
});

it('what is made has the seeds and params that it has where everything is made', () => {
  const all = expandText(text.replaceAll('onDemand: true', 'onDemand: false')).nodes;
  for (const node of expandText(text).nodes) expect(all).toContainEqual(node);
});

it('a template says it for all that are like it', () => {
  const like = text
    .replace('stages:\n', 'templates: {t: {uses: data/procedural, onDemand: true}}\nstages:\n')
    .replace('other: {uses: data/procedural, onDemand: true}', 'other: {like: t}');
  expect(idsOf(like)).toEqual(idsOf(text));
});

it('the files of a stage that is not made need not be there', async () => {
  const files = text.replace('other: {uses: data/procedural', 'other: {uses: data/folder, with: {path: ./nowhere}');
  const folder = writeSpecs({ 'a.yaml': files });
  const codes = new Map([...fixtureSchemas.keys()].map((kind) => [kind, { digest: digestOf(kind) }]));
  const read: string[] = [];
  const resolveContent = async (path: string) => {
    read.push(path);
    return digestOf(path);
  };
  const plan = await compilePlan(readSpec(join(folder, 'a.yaml')), { schemas: fixtureSchemas, codes, resolveContent });
  expect([plan.nodes.map(({ id }) => id), read]).toEqual([['faces', 'teacher[epochs=2]', 'verify'], []]);
});

it('what is not made is checked all the same', () => {
  const [problem] = problemsOf({
    'spec.yaml': text.replace('other: {uses: data/procedural', 'other: {uses: data/procedral'),
  });
  expect(problem?.message).toMatch(/there is no stage kind "data\/procedral"/);
});

it.each([
  [
    'a text',
    text.replace('onDemand: true', 'onDemand: maybe'),
    /stages.faces.onDemand must be true or false, got "maybe"/,
    /write true/,
  ],
  [
    'nothing that asks',
    text.replace('verify: {', 'verify: {onDemand: true, '),
    /nothing is asked for/,
    /write a report/,
  ],
])('%s is refused', (_, spec, message, remedy) => {
  const [problem] = problemsOf({ 'spec.yaml': spec });
  expect(problem?.message).toMatch(message);
  expect(problem?.remedy).toMatch(remedy);
});
