import { expect, it } from 'vitest';
import { keptSpec } from '../../spec/run-spec.ts';

const kept = (text: string): string | undefined =>
  keptSpec({ path: '/home/ada/a.yaml', files: [{ path: '/home/ada/a.yaml', text }] }).files?.[0]?.text;

it.each([
  ['a parameter of a stage', 'with: {path: /home/ada/faces, size: 8}', 'with: {path: faces, size: 8}'],
  ['a param that a stage names', 'params:\n  folder: "/home/ada/my faces"\n', 'params:\n  folder: "my faces"\n'],
  ['a path within a template', 'path: /home/ada/${{ params.set }}', 'path: ${{ params.set }}'],
  ['the file that it extends', 'extends: /home/ada/base.yaml\nseed: 1', 'extends: base.yaml\nseed: 1'],
  ['a value in a list, and a comment', 'a: [/data/x, /data/x/y] # /data/x', 'a: [x, y] # x'],
  ['a path that escapes hide', 'path: "/home\\x2fada/faces"', 'path: "faces"'],
  ['a path over two lines', 'path: >-\n  /home/ada/my\n  faces\n', 'path: "my faces"\n'],
])('a record keeps the last name of %s that is an absolute path', (_, text, wanted) => expect(kept(text)).toBe(wanted));

it.each([
  'with: {path: ./faces, from: ../faces}',
  'description: see https://example.org/home/x\npath: /x',
  'm: [0, 1] # none',
  'this: is: no YAML: /home/ada',
])('a record keeps the text %j, but for the path alone', (text) =>
  expect(kept(text)).toBe(text.replace('path: /x', 'path: x')),
);

it('a record keeps arguments of the command line in the same way', () => {
  const set = ['params.folder=/home/ada/faces', 'stages.a={uses: data/folder, with: {path: /home/ada/b}}', 'seed=3'];
  const { path, overrides } = keptSpec({ path: '/home/ada/a.yaml', overrides: { set } });
  expect(path).toBe('a.yaml');
  expect(overrides).toEqual({
    set: ['params.folder=faces', 'stages.a={uses: data/folder, with: {path: b}}', 'seed=3'],
  });
});
