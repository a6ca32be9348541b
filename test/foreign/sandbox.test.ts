import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../foreign/program.ts';
import { requireSandbox, sandboxed } from '../../foreign/sandbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
const [home, work, temporary] = ['home', 'work', 'tmp'].map((name) => join(folder, name)) as [string, string, string];
beforeAll(() => {
  for (const each of [home, work, temporary]) mkdirSync(each);
  writeFileSync(join(home, 'secret'), 'secret');
  writeFileSync(join(folder, 'beside'), 'beside');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const there = ((): boolean => {
  try {
    execFileSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const options = () => ({
  ...{ writable: [work, temporary], readable: [], gpus: 0 },
  env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: temporary },
});
const { signal } = new AbortController();

/** What a shell script prints in the sandbox. */
const inside = async (script: string): Promise<string> => {
  let out = '';
  const { env } = options();
  await runProgram({
    ...{ command: sandboxed(['sh', '-c', script], options()), cwd: work, env, graceMs: 100, signal },
    onOutput: (_, bytes) => {
      out += bytes;
    },
  });
  return out;
};

describe.runIf(there)('a sandbox', () => {
  it('shows the system and the own folder, and nothing else', async () => {
    expect(await inside(`cat ${home}/secret ${folder}/beside 2>/dev/null; ls -A ${home}; echo none`)).toBe('none\n');
    expect(await inside('echo made > here; cat here; pwd; echo x > "$TMPDIR/x" && echo temporary')).toBe(
      `made\n${work}\ntemporary\n`,
    );
    expect(readFileSync(join(work, 'here'), 'utf8')).toBe('made\n');
    expect(await inside('echo x > /usr/x || echo kept')).toContain('kept');
  });

  it('has no network, not even to this machine', async () => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = `node -e 'fetch("http://127.0.0.1:${port}").then((r) => r.text()).then(console.log, () => console.log("cut off"))'`;
    expect(`${execFileSync('sh', ['-c', 'true'])}`).toBe('');
    expect(await inside(ask)).toBe('cut off\n');
    server.close();
  });

  it('can be asked for', () => expect(requireSandbox(options(), signal)).resolves.toBeUndefined());
});

it('is missed where bubblewrap is not installed', async () => {
  const without = { ...options(), env: { PATH: home, HOME: home } };
  await expect(requireSandbox(without, signal)).rejects.toMatchObject({ code: 'SandboxUnavailable' });
});
