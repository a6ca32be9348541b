import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScratch, Scratch, scratchFolder } from '../../threads/scratch.ts';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'scratch-'));
});
afterAll(() => rm(parent, { recursive: true }));

describe('scratch files', () => {
  it('hold what was appended, at the place that was said, until they are closed', async () => {
    const scratch = new Scratch(parent);
    const file = await scratch.file();
    expect(await file.append(Buffer.from('first'))).toBe(0);
    expect(await file.append(Buffer.from('second'))).toBe(5);
    const into = new Uint8Array(3);
    readScratch(file.path, 6, into);
    expect(Buffer.from(into).toString()).toBe('eco');
    expect(() => readScratch(file.path, 9, into)).toThrow(RangeError);
    await scratch.close();
    expect(await readdir(parent)).toEqual([]);
  });

  it('are made only when needed, and those of processes that are gone are removed', async () => {
    const scratch = new Scratch(join(parent, 'new'));
    await scratch.close();
    expect(await readdir(parent)).toEqual([]);
    for (const name of ['999999999-gone', `${process.pid}-here`, 'other'])
      await mkdir(join(parent, 'new', name), { recursive: true });
    const file = await scratch.file();
    const names = await readdir(join(parent, 'new'));
    expect(names).toEqual(expect.arrayContaining([`${process.pid}-here`, 'other']));
    expect(names).not.toContain('999999999-gone');
    expect(file.path.startsWith(join(parent, 'new'))).toBe(true);
    await scratch.close();
  });

  it('that cannot be written are an answer with a remedy', async () => {
    await writeFile(join(parent, 'file'), '');
    await expect(new Scratch(join(parent, 'file')).file()).rejects.toMatchObject({
      code: 'ScratchFailed',
      remedy: expect.stringContaining('CEMIFLOW_SCRATCH'),
    });
  });

  it('lie in the cache folder unless another is named', () => {
    expect(scratchFolder({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/cemiflow/scratch');
    expect(scratchFolder({ CEMIFLOW_SCRATCH: '/big', XDG_CACHE_HOME: '/cache' })).toBe('/big');
  });
});
