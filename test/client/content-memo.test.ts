import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knownContent } from '../../client/content-memo.ts';
import { contentDigest } from '../../formats/content.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'contents-'));
});
afterAll(() => rm(root, { recursive: true }));

const folderOf = async (name: string): Promise<{ home: string; path: string; known: () => Promise<string> }> => {
  const [home, path] = [join(root, `${name}-home`), join(root, name)];
  await mkdir(path);
  await writeFile(join(path, 'a.rec'), 'first');
  await writeFile(join(path, 'b.rec'), 'second');
  return { home, path, known: () => knownContent(home, path, { least: 1 }) };
};

/** Longer than the time in which a file system may not see a second change. */
const settle = () => sleep(2100);

/** Puts another digest into the only note, so that a test sees whether the note or the files were read. */
const forge = async (home: string): Promise<string> => {
  const [name] = await readdir(join(home, 'contents'));
  const path = join(home, 'contents', name as string);
  const forged = `sha256:${'0'.repeat(64)}`;
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), content: forged }));
  return forged;
};

describe('the content of a path that is planned', () => {
  it('is not read again while nothing changes, and is read after any change', async () => {
    const { home, path, known } = await folderOf('changes');
    await settle();
    expect(await known()).toBe(await contentDigest(path));
    const forged = await forge(home);
    expect(await known()).toBe(forged);
    const file = join(path, 'a.rec');
    const changes: (() => Promise<unknown>)[] = [
      () => writeFile(file, 'FIRST'),
      async () => {
        await writeFile(file, 'fIRST');
        await utimes(file, 1, 1);
      },
      () => appendFile(file, '!'),
      () => rename(file, join(path, 'c.rec')),
      () => symlink('nowhere', join(path, 'd.rec')),
      () => mkdir(join(path, 'empty')),
    ];
    for (const change of changes) {
      await change();
      expect(await known()).toBe(await contentDigest(path));
    }
  });

  it('is noted only once its files are old enough for a change to be seen', async () => {
    const { home, known } = await folderOf('young');
    await known();
    await expect(readdir(home)).rejects.toThrow('ENOENT');
    await settle();
    await known();
    expect(await readdir(join(home, 'contents'))).toHaveLength(1);
  });

  it('is read where the note is damaged, or cannot be kept', async () => {
    const { home, path, known } = await folderOf('damaged');
    await settle();
    await known();
    const [name] = await readdir(join(home, 'contents'));
    for (const damage of ['', '{}', 'null', '{"stamp":1', '[]']) {
      await writeFile(join(home, 'contents', name as string), damage);
      expect(await known()).toBe(await contentDigest(path));
    }
    await rm(home, { recursive: true });
    await writeFile(home, 'a file where the state folder would be');
    expect(await known()).toBe(await contentDigest(path));
  });

  it('is not noted for what is read at once', async () => {
    const { home, path } = await folderOf('small');
    await settle();
    expect(await knownContent(home, path)).toBe(await contentDigest(path));
    await expect(readdir(home)).rejects.toThrow('ENOENT');
  });

  it('still obeys the links that are allowed', async () => {
    const { home, path, known } = await folderOf('linked');
    await symlink(join(root, 'small'), join(path, 'outside'));
    await settle();
    await known();
    await expect(knownContent(home, path, { least: 1, links: 'inside' })).rejects.toMatchObject({
      code: 'LinkOutside',
    });
  });
});
