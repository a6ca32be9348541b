import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatVersion } from '../../cli/view/format.ts';
import { versionOf } from '../../client/version.ts';
import { call, cli, emptyFolder, root } from './helpers.ts';

const spec = (text: string): string => {
  const file = join(emptyFolder(), 'spec.yaml');
  writeFileSync(file, text);
  return file;
};

const faces = (more: string): string =>
  spec(`experiment: tiny\nseed: 7\nstages:\n  faces: {uses: data/procedural, with: {${more}}}\n`);

const wrong: [string, () => string, RegExp][] = [
  [
    'an unknown stage kind',
    () => spec('experiment: a\nseed: 1\nstages:\n  x: {uses: data/procedurl}\n'),
    /:4:\d+: .*data\/procedurl/,
  ],
  ['a negative count', () => faces('identities: -3'), /:4:\d+: /],
  ['a value of the wrong type', () => faces('identities: many'), /:4:\d+: /],
  ['an unknown parameter', () => faces('identites: 3'), /identities/],
  [
    'a reference to a stage that is not there',
    () => spec('experiment: a\nseed: 1\nstages:\n  x: {uses: diffusion/train, with: {data: "${{ stages.facs }}"}}\n'),
    /:4:\d+: .*facs/,
  ],
  ['a file that does not exist', () => join(emptyFolder(), 'none.yaml'), /does not exist/],
];

test.each(wrong)('run answers %s with its place and exit code 2, and starts nothing', async (_what, file, message) => {
  const home = emptyFolder();
  const { code, err, out } = await call(['run', file()], home);
  expect(err).toMatch(message);
  expect(err).toMatch(/^error\[Spec/);
  expect(err).toContain('  remedy: ');
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(readdirSync(home)).toEqual([]);
});

test('validate takes overrides, and says what a right spec holds', async () => {
  const home = emptyFolder();
  const file = spec(
    'experiment: tiny\nseed: 7\nparams: {n: [2, 3]}\nstages:\n  faces: {uses: data/procedural, matrix: {n: "${{ params.n }}"}, with: {identities: "${{ matrix.n }}"}}\n',
  );
  const { code, out } = await call(['validate', file, '--set', 'params.n=[2, 4, 6]', '--json'], home);
  expect(JSON.parse(out)).toEqual({
    experiment: 'tiny',
    stages: 1,
    nodes: ['faces[n=2]', 'faces[n=4]', 'faces[n=6]'],
  });
  expect(code).toBe(0);
  expect((await call(['validate', file, '--set', 'params.m=1'], home)).code).toBe(2);
});

test.each([
  [['frobnicate'], 'there is no command frobnicate'],
  [['staus'], 'status'],
  [['run'], 'takes 1 argument'],
  [['run', 'x.yaml', '--fast'], '--fast'],
  [['run', 'x.yaml', '--max-parallel', '0'], '--max-parallel must be an integer of at least 1'],
  [['run', 'x.yaml', '--device', 'tpu'], '--device must be cpu or gpu'],
  [['run', 'x.yaml', '--checkpoint-seconds', '0'], '--checkpoint-seconds must be an integer of at least 1'],
  [['run', 'x.yaml', '--checkpoint-steps', '2.5'], '--checkpoint-steps must be an integer of at least 1'],
  [['run', 'x.yaml', '--heartbeat-timeout', 'soon'], '--heartbeat-timeout must be an integer of at least 1'],
  [['retry'], 'takes at least 1 argument, got 0'],
  [['skip', 'tiny', '--because', 'x'], 'takes at least 2 arguments, got 1'],
  [['skip', 'tiny', 'a'], '--because must say why'],
  [['skip', 'tiny', 'a', '--because', ' '], '--because must say why'],
  [['pause', 'tiny', 'a'], 'takes 1 argument, got 2'],
  [['get', 'nonsense'], 'neither sha256'],
])('%j is answered with usage and exit code 2', async (args, message) => {
  const { code, err } = await call(args, emptyFolder());
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test('with --json an error is one JSON object in a line of standard error', async () => {
  const { code, err, out } = await call(['run', 'none.yaml', '--json'], emptyFolder());
  expect(JSON.parse(err)).toEqual({
    error: expect.objectContaining({ code: expect.stringMatching(/^Spec/), remedy: expect.any(String) }),
  });
  expect([code, out, err.trimEnd().includes('\n')]).toEqual([2, '', false]);
});

test('--version tells the version of the package, and the commit where the checkout has one', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { code, out } = await call(['--version'], emptyFolder());
  expect(out).toMatch(new RegExp(`^cemiflow ${version.replaceAll('.', '\\.')}( \\([0-9a-f]{12}(-dirty)?\\))?\n$`));
  expect(code).toBe(0);
  const told = JSON.parse((await call(['--version', '--json'], emptyFolder())).out);
  expect(told.version).toBe(version);
  // The same as in the line, unless another process commits in between.
  expect(told.commit !== undefined).toBe(out.includes('('));
});

test('the version of a folder that is no checkout has no commit', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'package.json'), '{"version": "1.2.3"}');
  expect(formatVersion(await versionOf(folder))).toBe('cemiflow 1.2.3');
});

test('--verbose shows the stack', async () => {
  const { err } = await call(['--verbose', 'run', 'none.yaml'], emptyFolder());
  expect(err).toMatch(/^ {4}at /m);
});

test('help lists every command, and tells the options of one', async () => {
  const home = emptyFolder();
  const { out, code } = await call([], home);
  for (const name of [
    'up',
    'down',
    'status',
    'validate',
    'plan',
    'run',
    'attach',
    'watch',
    'cancel',
    'retry',
    'skip',
    'abort',
    'pause',
    'continue',
    'runs',
    'report',
    'get',
    'export',
    'kinds',
    'doctor',
  ])
    expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  expect(code).toBe(0);
  expect((await call(['run', '--help'], home)).out).toContain('--max-parallel N');
});

test('status without services says so and starts none', async () => {
  const home = emptyFolder();
  const { out, code } = await call(['status'], home);
  expect(out).toContain('cemiflow up');
  expect(code).toBe(1);
  expect(existsSync(join(home, 'services.json'))).toBe(false);
});

test('as a process: a wrong spec exits 2 with its place, and no process or file is left behind', async () => {
  const home = emptyFolder();
  const { code, err, out } = await cli(['run', faces('identities: -3')], { home });
  expect(err).toMatch(/^error\[SpecInvalid\]/);
  expect([code, out, readdirSync(home)]).toEqual([2, '', []]);
});
