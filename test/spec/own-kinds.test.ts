import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../../schemas/kind-places.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import type { SpecError } from '../../spec/problems.ts';
import { readSpec } from '../../spec/spec.ts';
import { writeSpecs } from './helpers.ts';

const dim = join(repository, 'pipelines/kinds/dim');

/** A spec beside `kinds/dim`. @param darker the stage of the own kind */
const folderWith = (darker: string, more = ''): string => {
  const folder = writeSpecs({
    'spec.yaml': `experiment: mine
seed: 1
stages:
  faces: { uses: data/procedural, with: { identities: 4 } }
  darker: { ${darker} }
  student: { uses: recognizer/train, with: { data: "\${{ stages.darker }}" } }
${more}`,
  });
  cpSync(dim, join(folder, 'kinds/dim'), { recursive: true });
  return folder;
};
const good = 'uses: ./kinds/dim, with: { data: "${{ stages.faces }}" }';
const expanded = (folder: string) => expandSpec(readSpec('spec.yaml', { cwd: folder }), loadStageSchemas());
const problemsIn = (folder: string): string[] => {
  try {
    expanded(folder);
  } catch (error) {
    return (error as SpecError).problems.map(({ line, message, remedy }) => `${line}: ${message}; ${remedy}`);
  }
  return [];
};

it('is a stage as any other: defaults, types of outputs, the first by default', () => {
  const folder = folderWith(good);
  const { nodes, ownKinds } = expanded(folder);
  expect(nodes.find(({ id }) => id === 'darker')).toMatchObject({
    kind: 'own/dim',
    params: { factor: 0.5 },
    resource: 'cpu',
    sharded: false,
    outputs: { data: 'dataset', brightness: 'metrics' },
  });
  expect(nodes.find(({ id }) => id === 'student')?.params.data).toEqual({ $node: 'darker', $output: 'data' });
  expect(ownKinds.map(({ kind, folder: at }) => [kind, at])).toEqual([['own/dim', join(folder, 'kinds/dim')]]);
});

it('lies relative to the file that names it, also where another extends that', () => {
  const folder = folderWith(good);
  mkdirSync(join(folder, 'deeper'));
  writeFileSync(join(folder, 'deeper/spec.yaml'), 'extends: ../spec.yaml\nexperiment: other\n');
  const { ownKinds } = expandSpec(readSpec('deeper/spec.yaml', { cwd: folder }), loadStageSchemas());
  expect(ownKinds[0]?.folder).toBe(join(folder, 'kinds/dim'));
});

it.each([
  ['a parameter out of range', good.replace('with: {', 'with: { factor: 2,'), '5: .*factor.* must be .*1'],
  [
    'a folder that is not there',
    good.replace('dim', 'blur'),
    '5: .*kinds/blur holds no stage.ts; "cemiflow new kind blur"',
  ],
  ['a bad name', good.replace('./kinds/dim', './kinds/Dim'), '5: "Dim" cannot be the name of a stage kind'],
  [
    'an output of the wrong type',
    `${good} }\n  wrong: { uses: recognizer/train, with: { data: "\${{ stages.darker.brightness }}" }`,
    '6: .*dataset',
  ],
])('%s is a mistake of the spec, with its place', (_, darker, message) => {
  expect(problemsIn(folderWith(darker))).toEqual([expect.stringMatching(message)]);
});

it('two folders of one name are refused', () => {
  const folder = folderWith(good, '  again: { uses: ./more/dim, with: { data: "${{ stages.faces }}" } }\n');
  cpSync(dim, join(folder, 'more/dim'), { recursive: true });
  expect(problemsIn(folder)).toEqual([
    expect.stringMatching(/^7: .*kinds\/dim and .*more\/dim are both the kind own\/dim; rename/),
  ]);
});

it('a schema says what is wrong with it', () => {
  const folder = folderWith(good);
  const file = join(folder, 'kinds/dim/schema.json');
  const schema = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...schema, title: '', 'x-stage': { outputs: { data: 'pictures' } } }));
  expect(problemsIn(folder)).toEqual([
    expect.stringMatching(
      /^5: the schema of own\/dim is faulty: title is missing; x-stage.resource must be .*; x-stage.outputs.data must be one of/,
    ),
  ]);
  writeFileSync(file, '{');
  expect(problemsIn(folder)).toEqual([expect.stringMatching(/^5: the schema of own\/dim is faulty: .*JSON/)]);
  rmSync(file);
  expect(problemsIn(folder)).toEqual([expect.stringMatching(/^5: .*kinds\/dim holds no schema.json/)]);
});
