import { expect, it } from 'vitest';
import { expandText, problemsOf } from './helpers.ts';

const text = `experiment: demo
seed: 7
templates:
  trained: {uses: recognizer/train, matrix: {seed: [1, 2]}, seed: "\${{ matrix.seed }}", with: {epochs: 3, lr: 0.2}}
stages:
  faces: {uses: data/procedural}
  t: {like: trained, with: {data: "\${{ stages.faces }}"}}
  u: {like: trained, matrix: null, seed: 4, with: {data: "\${{ stages.faces }}", epochs: 9}}
scales: {small: {templates: {trained: {with: {lr: 0.5}}}}}
`;

it('a stage is laid over the template that it is like; templates are not made', () => {
  const { nodes } = expandText(text);
  expect(nodes.map(({ id, seed, params: { epochs, lr } }) => [id, seed, epochs, lr])).toEqual([
    ['faces', 7, undefined, undefined],
    ['t[seed=1]', 1, 3, 0.2],
    ['t[seed=2]', 2, 3, 0.2],
    ['u', 4, 9, 0.2],
  ]);
});

it('scales and overrides change templates, and through them their stages', () => {
  const rates = (set: string[]) =>
    expandText(text, set)
      .nodes.slice(1)
      .map(({ params }) => params.lr);
  expect(rates(['scale=small'])).toEqual([0.5, 0.5, 0.5]);
  expect(rates(['templates.trained.with.lr=0.7', 'stages.u.with.lr=0.1'])).toEqual([0.7, 0.7, 0.1]);
});

it.each([
  [
    'a template that is not there',
    text.replace('like: trained, matrix', 'like: traned, matrix'),
    /no template "traned"/,
    /did you mean "trained"/,
  ],
  ['no templates', 'experiment: d\nseed: 1\nstages: {f: {like: x}}\n', /the spec has no templates/, /./],
  [
    'a template of templates',
    text.replace('trained: {uses: recognizer/train,', 'trained: {like: x,'),
    /is like another/,
    /uses and with/,
  ],
  [
    'templates that are no mapping',
    text.replace(/templates:\n.*\n/, 'templates: [1]\n'),
    /templates must be a mapping, got a list/,
    /write templates/,
  ],
])('refuses %s', (_, spec, message, remedy) => {
  const found = problemsOf({ 'spec.yaml': spec });
  expect(found[0]?.message).toMatch(message);
  expect(found[0]?.remedy).toMatch(remedy);
});
