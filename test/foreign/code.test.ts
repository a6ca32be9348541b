import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeDigest, codeFiles, layOut, storeCode } from '../../foreign/code.ts';
import { memoryStore } from '../helpers/memory-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'code-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text = path): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const paths = async (): Promise<string[]> => (await codeFiles(folder)).map(({ path }) => path);

test('all files but those that are ignored, by the rules of the folder that they lie in', async () => {
  for (const path of ['train.py', 'a/b.py', 'a/c.log', 'a/keep.log', 'data/x.bin', 'deep/data/y.bin', '.env'])
    write(path);
  for (const path of ['.git/config', 'a/__pycache__/b.cpython-311.pyc', '.venv/bin/python', 'a/b.pyc']) write(path);
  write('.gitignore', '*.log\n/data/\n');
  write('a/.gitignore', '!keep.log\n');
  write('.cemiflowignore', '.env\n');
  expect(await paths()).toEqual([
    ...['.cemiflowignore', '.gitignore', 'a/.gitignore', 'a/b.py', 'a/keep.log', 'deep/data/y.bin', 'train.py'],
  ]);
});

test('the digest is that of what is stored, and follows content, names and modes, not places or times', async () => {
  write('train.py', 'print(1)');
  write('run.sh', '#!/bin/sh\n');
  const store = memoryStore();
  const digest = await codeDigest(folder);
  expect((await storeCode(folder, store)).digest).toBe(digest);
  write('__pycache__/train.pyc', 'made');
  expect(await codeDigest(folder)).toBe(digest);
  chmodSync(join(folder, 'run.sh'), 0o755);
  const executable = await codeDigest(folder);
  expect(executable).not.toBe(digest);
  write('train.py', 'print(2)');
  expect(await codeDigest(folder)).not.toBe(executable);
});

test('what is stored can be laid out as it was', async () => {
  write('a/run.sh', '#!/bin/sh\n');
  chmodSync(join(folder, 'a/run.sh'), 0o755);
  write('train.py', '');
  const store = memoryStore();
  const ref = await storeCode(folder, store);
  const copy = join(folder, 'node_modules/copy');
  await layOut(ref, copy, store);
  expect(await codeDigest(copy)).toBe(ref.digest);
  expect(statSync(join(copy, 'a/run.sh')).mode & 0o100).not.toBe(0);
  expect(readFileSync(join(copy, 'train.py'), 'utf8')).toBe('');
});

test('links inside are followed, circles too, and links out are refused', async () => {
  write('lib/a.py');
  symlinkSync('lib', join(folder, 'same'));
  symlinkSync('..', join(folder, 'lib/up'));
  symlinkSync('nowhere', join(folder, 'broken'));
  expect(await paths()).toEqual(['lib/a.py', 'same/a.py']);
  symlinkSync('/etc', join(folder, 'out'));
  await expect(paths()).rejects.toMatchObject({ code: 'CodeLink' });
  write('.cemiflowignore', 'out/\n');
  expect(await paths()).toEqual(['.cemiflowignore', 'lib/a.py', 'same/a.py']);
});

test('a folder that is none is told', async () => {
  await expect(codeDigest(join(folder, 'none'))).rejects.toMatchObject({ code: 'FolderNotFound' });
  write('file');
  await expect(codeDigest(join(folder, 'file'))).rejects.toMatchObject({ code: 'FolderNotFound' });
});
