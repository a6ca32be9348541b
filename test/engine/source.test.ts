import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Source } from '../../core/action.ts';
import { sourceKeeper } from '../../engine/source-keeper.ts';
import { repository } from '../../schemas/kind-places.ts';
import { codeDigests } from '../../spec/code-digest.ts';
import type { Store } from '../../store/index.ts';
import { memoryStore } from '../helpers/memory-store.ts';

const kind = 'metrics/one';
let root: string;
let store: Store;

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
const write = (path: string, text: string): void => writeFileSync(join(root, path), text);

/** A checkout of one commit: a stage kind that imports a helper. */
beforeEach(() => {
  store = memoryStore();
  root = mkdtempSync(join(tmpdir(), 'checkout-'));
  mkdirSync(join(root, 'activities/metrics-one'), { recursive: true });
  cpSync(join(repository, 'package-lock.json'), join(root, 'package-lock.json'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  write('.gitignore', 'node_modules\n');
  write(
    'activities/metrics-one/stage.ts',
    "import { one } from '../one.ts';\nexport const value = one + 1;\nconsole.log(value);\n",
  );
  write('activities/one.ts', 'export const one = 1;\n');
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'first');
});

const keep = async (): Promise<Source> => {
  const code = (await codeDigests([kind], root)).get(kind)?.digest;
  return (await sourceKeeper(store, root)(kind, code as `sha256:${string}`))(0);
};
const uncommittedOf = async ({ uncommitted }: Source): Promise<string> =>
  uncommitted ? (await store.getBlob(uncommitted)).toString() : '';

it('keeps the files of the code, and names the commit', async () => {
  const source = await keep();
  expect(source.commit).toBe(git('rev-parse', 'HEAD').trim());
  expect(source.uncommitted).toBeUndefined();
  const { files } = await store.getArtifact(source.code);
  expect(files.map(({ path }) => path)).toEqual([
    'activities/metrics-one/stage.ts',
    'activities/one.ts',
    'package-lock.json',
  ]);
});

it('keeps what differs from the commit, so that git can apply it', async () => {
  write('activities/one.ts', "export { one } from './new.ts';\n");
  write('activities/new.ts', 'export const one = 2;\n');
  const text = await uncommittedOf(await keep());
  git('stash', '--include-untracked', '--quiet');
  write('the.diff', text);
  git('apply', 'the.diff');
  expect(git('status', '--porcelain=v1').split('\n').sort()).toEqual(
    ['', ' M activities/one.ts', '?? activities/new.ts', '?? the.diff'].sort(),
  );
});

it('keeps nothing that lies beside the code and that git does not know', async () => {
  write('.env', 'S3_SECRET_KEY=hunter2\n');
  write('activities/other.ts', 'export const other = 1;\n');
  mkdirSync(join(root, 'photos'));
  write('photos/ash.txt', 'a face\n');
  expect((await keep()).uncommitted).toBeUndefined();
});
