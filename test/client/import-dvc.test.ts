import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { importDvc } from '../../client/import-dvc.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dvc-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const imported = (dvc: string, files: { readonly [name: string]: string } = {}) => {
  for (const [name, text] of Object.entries({ ...files, 'dvc.yaml': dvc })) writeFileSync(join(folder, name), text);
  const { spec, left } = importDvc('dvc.yaml', folder);
  writeFileSync(join(folder, 'spec.yaml'), spec);
  const { nodes } = expandSpec(readSpec('spec.yaml', { cwd: folder }), loadStageSchemas());
  return { left, nodes: new Map(nodes.map((node) => [node.id, node])), spec };
};

it('makes a spec of a pipeline as tutorials have it', () => {
  const { left, nodes, spec } = imported(
    `
stages:
  prepare:
    cmd: python src/prepare.py data/data.xml
    deps: [data/data.xml, src/prepare.py]
    params: [prepare.seed, prepare.split]
    outs: [data/prepared]
  featurize:
    cmd: python src/featurization.py data/prepared data/features
    deps: [data/prepared, src/featurization.py]
    outs: [data/features]
  train:
    desc: A forest
    cmd:
      - echo \${train.seed}
      - python src/train.py data/features model.pkl
    deps: [data/features, src/train.py]
    outs:
      - model.pkl: { cache: true }
  evaluate:
    cmd: python src/evaluate.py model.pkl data/features
    deps: [data/features, model.pkl, src/evaluate.py]
    metrics:
      - eval/live/metrics.json: { cache: false }
    outs: [eval/prc]
`,
    { 'params.yaml': 'train: {seed: 20170428}\n' },
  );
  expect([...nodes.keys()].sort()).toEqual(['evaluate', 'featurize', 'prepare', 'train']);
  expect(nodes.get('train')).toMatchObject({
    kind: 'command/run',
    outputs: { model: 'files' },
    params: {
      command: ['sh', '-ec', 'echo 20170428\npython src/train.py data/features model.pkl'],
      inputs: { features: { from: { $node: 'featurize', $output: 'features' }, path: 'data/features' } },
      outputs: { model: { type: 'files', path: 'model.pkl' } },
    },
  });
  expect(nodes.get('evaluate')?.outputs).toEqual({ metrics: 'metrics', prc: 'files' });
  expect(Object.keys(nodes.get('evaluate')?.params.inputs ?? {}).sort()).toEqual(['features', 'model']);
  expect(left).toEqual([
    expect.stringMatching(/^stages\.prepare\.params: "prepare\.seed" is read by the program/),
    expect.stringMatching(/^stages\.prepare\.params: "prepare\.split"/),
    'stages.train: cache of model.pkl has no counterpart',
    'stages.evaluate: cache of eval/live/metrics.json has no counterpart',
  ]);
  for (const each of left) expect(spec).toContain(`# - ${each}`);
});

it('carries matrices over, and says where one is to be chosen', () => {
  const { left, nodes } = imported(
    `
stages:
  train:
    matrix: { lr: [0.1, 0.01] }
    cmd: python train.py --lr \${item.lr}
    outs: [model]
  sizes:
    foreach: [1, 2]
    do:
      cmd: python size.py \${item}
      outs: [size.txt]
  use:
    cmd: python use.py model
    deps: [model]
    outs: [used]
`.replace('    deps: [model]\n', ''),
  );
  expect([...nodes.keys()].sort()).toEqual([
    'sizes[item=1]',
    'sizes[item=2]',
    'train[lr=0.01]',
    'train[lr=0.1]',
    'use',
  ]);
  expect(nodes.get('train[lr=0.1]')?.params.command).toEqual(['sh', '-ec', 'python train.py --lr 0.1']);
  expect(nodes.get('sizes[item=2]')?.params.command).toEqual(['sh', '-ec', 'python size.py 2']);
  expect(left).toEqual([]);
});

it('names what it cannot know', () => {
  writeFileSync(join(folder, 'raw.dvc'), 'outs: []\n');
  const { left } = imported(`
vars: [missing.yaml]
plots: [x]
stages:
  a: { cmd: "run \${nowhere}", deps: [raw], outs: [o], frozen: true }
`);
  expect(left).toEqual([
    'vars: missing.yaml was not read',
    'plots: has no counterpart',
    'stages.a.frozen: every stage is made where it is missing',
    'stages.a: ${nowhere} is not known from vars or params.yaml',
    expect.stringMatching(/^stages\.a\.deps: raw is data that DVC tracks/),
  ]);
});

it.each([
  ['stages: [', 'DvcInvalid'],
  ['[]', 'DvcInvalid'],
  ['a: 1', 'DvcInvalid'],
])('refuses %j', (text, code) => {
  writeFileSync(join(folder, 'dvc.yaml'), text);
  expect(() => importDvc('dvc.yaml', folder)).toThrow(expect.objectContaining({ code }));
});

it('refuses a file that is not there', () => {
  expect(() => importDvc('dvc.yaml', folder)).toThrow(expect.objectContaining({ code: 'Usage' }));
});
