import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { splitFile, sumLines } from '../../../bench/gpu/parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('parts of an archive', () => {
  it.each([1, 1000, 2999, 3000, 3001])(
    'of %i bytes join to the bytes that were split, and carry their digests',
    async (size) => {
      const place = mkdtempSync(join(folder, 'split-'));
      const [file, bytes] = [join(place, 'archive.bin'), randomBytes(size)];
      writeFileSync(file, bytes);
      const parts = await splitFile(file, place, 1000);
      expect(parts.map((part) => part.bytes)).toEqual(parts.map(({ name }) => statSync(join(place, name)).size));
      expect(Math.max(...parts.map((part) => part.bytes))).toBeLessThanOrEqual(1000);
      const joined = execFileSync('sh', ['-c', 'cat archive.bin.[0-9][0-9]'], { cwd: place });
      expect(sha256(joined)).toBe(sha256(bytes));
      execFileSync('sha256sum', ['--check', '--quiet'], { cwd: place, input: sumLines(parts) });
    },
  );
});

/** Parts of two small archives, whose `node` prints how it was called. */
const carried = async (): Promise<{ parts: string; target: string }> => {
  const place = mkdtempSync(join(folder, 'carried-'));
  const [stage, parts, target] = ['stage', 'parts', 'target'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [join(stage, 'code'), join(stage, 'cache'), parts]) mkdirSync(each, { recursive: true });
  writeFileSync(join(stage, 'node'), '#!/bin/sh\necho "in $PWD: $*; cache $XDG_CACHE_HOME; $CEMIFLOW_TENSORFLOW"\n', {
    mode: 0o755,
  });
  writeFileSync(join(stage, 'cache', 'noise'), randomBytes(5000));
  const lines: string[] = [];
  for (const [name, members] of [
    ['library', 'cache node'],
    ['code', 'code'],
  ] as const) {
    const file = join(place, `${name}.tar.xz`);
    execFileSync('sh', ['-c', `tar -c -C ${stage} ${members} | xz -1 > ${file}`]);
    lines.push(sumLines(await splitFile(file, parts, 2000)));
  }
  writeFileSync(join(parts, 'SHA256SUMS'), lines.join(''));
  cpSync('bench/gpu/start.sh', join(parts, 'start.sh'));
  return { parts, target };
};

/** Without anything in the environment but where programs are. */
const start = (parts: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('sh', [join(parts, 'start.sh'), ...args], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describe('start.sh', () => {
  it('joins and unpacks the parts, runs the checks with its options, and unpacks once', async () => {
    const { parts, target } = await carried();
    const first = start(parts, target, '--rounds', '2');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toBe(
      `in ${target}/code: --import tsx bench/gpu/run.ts --rounds 2; cache ${target}/cache; gpu\n`,
    );
    writeFileSync(join(target, 'cache', 'noise'), 'kept');
    expect(start(parts, target).status).toBe(0);
    expect(readFileSync(join(target, 'cache', 'noise'), 'utf8')).toBe('kept');
  });

  it('names a damaged part, and unpacks nothing', async () => {
    const { parts, target } = await carried();
    writeFileSync(join(parts, 'library.tar.xz.01'), 'damaged');
    const { status, stdout, stderr } = start(parts, target);
    expect(status).toBe(2);
    expect(stdout + stderr).toContain('library.tar.xz.01');
    expect(stderr).toContain('cannot start: a part is missing or damaged');
    expect(() => statSync(target)).toThrow();
  });
});
