import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackages } from '../../foreign/packages.ts';

let folder: string;
let env: { [name: string]: string };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'packages-'));
  env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = (): string[] => {
  try {
    return readdirSync(join(folder, 'cache/cemiflow/environments')).filter((name) => !name.includes('.lock'));
  } catch {
    return [];
  }
};

const install = (code: string, lock: string) => {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const packages = installPackages(lock, { workspace: { folder: code }, env, signal, log: (line) => lines.push(line) });
  return packages.then((found) => ({ ...found, lines }));
};

/** A folder of code with a wheel of its own, so that no index is asked. @param hash of the lock file; default the wheel's */
const withWheel = (hash?: string): string => {
  const code = mkdtempSync(join(folder, 'code-'));
  mkdirSync(join(code, 'wheels'));
  const wheel = join(code, 'wheels/tiny_package-1.0-py3-none-any.whl');
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "tiny_package-1.0.dist-info/"
    for name, text in [("tiny_package.py", "value = 41"), (info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-package\\nVersion: 1.0\\n"), (info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"), (info + "RECORD", "")]:
        wheel.writestr(zipfile.ZipInfo(name), text)`;
  execFileSync('python3', ['-c', script, wheel]);
  const own = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  const lines = ['--no-index', '--find-links ./wheels', `tiny-package==1.0 --hash=sha256:${hash ?? own}`];
  writeFileSync(join(code, 'requirements.txt'), `${lines.join('\n')}\n`);
  return code;
};

describe('the packages of a lock file', () => {
  it('are installed once, and are the program’s', async () => {
    const code = withWheel();
    const [first, second] = await Promise.all([install(code, 'requirements.txt'), install(code, 'requirements.txt')]);
    expect(first.env).toEqual(second.env);
    expect([...first.lines, ...second.lines].filter((line) => line.startsWith('installing'))).toHaveLength(1);
    expect(installed()).toHaveLength(1);
    const value = execFileSync('python3', ['-c', 'import tiny_package; print(tiny_package.value)'], {
      env: { ...env, ...first.env },
    });
    expect(`${value}`).toBe('41\n');
    expect((await install(code, 'requirements.txt')).lines).toEqual([]);
  }, 120_000);

  it('must be those that the lock file has the hashes of', async () => {
    const before = installed();
    await expect(install(withWheel('0'.repeat(64)), 'requirements.txt')).rejects.toMatchObject({
      code: 'EnvironmentFailed',
      message: expect.stringContaining('DO NOT MATCH THE HASHES'),
    });
    // What is half made is made anew at the next try.
    expect(installed().filter((name) => !before.includes(name))).toHaveLength(1);
    await expect(install(withWheel('0'.repeat(64)), 'requirements.txt')).rejects.toMatchObject({
      code: 'EnvironmentFailed',
    });
  }, 120_000);

  it('of Node lie where it looks for them', async () => {
    const code = mkdtempSync(join(folder, 'code-'));
    mkdirSync(join(code, 'tiny'));
    writeFileSync(join(code, 'tiny/package.json'), '{"name": "tiny", "version": "1.0.0"}');
    writeFileSync(join(code, 'package.json'), '{"name": "own", "version": "1.0.0"}');
    writeFileSync(
      join(code, 'package-lock.json'),
      '{"name": "own", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "own", "version": "1.0.0"}}}',
    );
    const { env: given } = await install(code, 'package-lock.json');
    expect(given.PATH).toMatch(/node_modules\/\.bin:/);
  }, 120_000);

  it.each([
    ['requirements.lock', 'is none of'],
    ['requirements.txt', 'needs requirements.txt'],
    ['package-lock.json', 'needs package-lock.json'],
  ])('cannot be told from %s that is not there', async (lock, message) => {
    const code = mkdtempSync(join(folder, 'code-'));
    await expect(install(code, lock)).rejects.toMatchObject({
      code: 'LockFileInvalid',
      message: expect.stringContaining(message),
    });
  });
});
