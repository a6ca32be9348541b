import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeDigest } from '../../foreign/code.ts';
import { checkedOut, gitAddress } from '../../foreign/git.ts';

const folder = mkdtempSync(join(tmpdir(), 'git-'));
const repository = join(folder, 'repository');
const before = process.env.XDG_CACHE_HOME;
let commit: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    encoding: 'utf8',
  });

beforeAll(() => {
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  mkdirSync(join(repository, 'tool'), { recursive: true });
  writeFileSync(join(repository, 'tool/main.py'), 'print(1)');
  writeFileSync(join(repository, 'other.py'), 'print(2)');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  commit = git('rev-parse', 'HEAD').trim();
  writeFileSync(join(repository, 'tool/main.py'), 'print(3)');
  git('commit', '--quiet', '-am', 'two');
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(folder, { recursive: true, force: true });
});

test('a commit is fetched once, and has the digest of a folder with the same files', async () => {
  const code = `git+file://${repository}@${commit}#tool`;
  const same = join(folder, 'same');
  mkdirSync(same);
  writeFileSync(join(same, 'main.py'), 'print(1)');
  expect(await codeDigest(code)).toBe(await codeDigest(same));
  expect(readdirSync(join(folder, 'cache/cemiflow/git'))).toHaveLength(1);
  rmSync(join(repository, '.git/HEAD'));
  expect(await checkedOut(`git+file://${repository}@${commit}`)).toBe(
    await checkedOut(code).then((path) => path.replace(/\/tool$/, '')),
  );
});

test.each([
  ['git+https://example.org/x@main', 'AddressInvalid'],
  ['git+https://example.org/x', 'AddressInvalid'],
  [`git+ext::sh -c id@${'a'.repeat(40)}`, 'AddressInvalid'],
  [`git+file:///x@${'a'.repeat(40)}#../y`, 'AddressInvalid'],
  [`git+file:///nowhere@${'a'.repeat(40)}`, 'CodeUnreachable'],
])('%s is refused', async (code, error) => {
  await expect(codeDigest(code)).rejects.toMatchObject({ code: error });
});

test('users and ports belong to the address', () => {
  const at = 'a'.repeat(40);
  expect(gitAddress(`git+ssh://git@example.org:22/x.git@${at}#a/b`)).toEqual({
    ...{ url: 'ssh://git@example.org:22/x.git', commit: at, folder: 'a/b' },
  });
});
