import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ended, type ProgramOptions, runProgram } from '../../foreign/program.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'program-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: process.env.PATH ?? '' };

/** A program in Python, which every way to leave a process group is at hand in. */
const python = async (
  text: string,
  more: Partial<ProgramOptions> = {},
): Promise<Ended & { readonly out: string; readonly err: string }> => {
  const printed = { out: '', err: '' };
  const ended = await runProgram({
    ...{ command: ['python3', '-c', text], cwd: folder, env, graceMs: 500, signal: new AbortController().signal },
    onOutput: (stream, bytes) => {
      printed[stream] += bytes.toString();
    },
    ...more,
  });
  return { ...ended, ...printed };
};

/** Whether any process has this word among its arguments. */
const isRunning = (word: string): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(word);
    } catch {
      return false;
    }
  });

const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 300 && !holds(); i++) await sleep(50);
  expect(holds()).toBe(true);
};

test('what a program prints and ends with comes through, and nothing of our environment', async () => {
  process.env.SECRET_OF_THE_WORKER = 'x';
  const text =
    'import os,sys; print([os.environ.get(name) for name in ("OWN", "SECRET_OF_THE_WORKER", "HOME")]); print("e", file=sys.stderr); sys.exit(3)';
  const ended = await python(text, { env: { ...env, OWN: '1' } });
  delete process.env.SECRET_OF_THE_WORKER;
  expect(ended).toEqual({ code: 3, signal: null, out: "['1', None, None]\n", err: 'e\n' });
});

test('arguments reach it as they are: no shell reads them', async () => {
  const command = ['python3', '-c', 'import sys; print(sys.argv[1:])', '$(date)', '; ls', '*', ''];
  expect((await python('', { command })).out).toBe("['$(date)', '; ls', '*', '']\n");
});

test('a program that is not there, or is none, is told', async () => {
  await expect(python('', { command: ['no-such-program'] })).rejects.toMatchObject({ code: 'ProgramNotFound' });
  writeFileSync(join(folder, 'plain.txt'), '');
  await expect(python('', { command: [join(folder, 'plain.txt')] })).rejects.toMatchObject({
    code: 'ProgramNotStarted',
  });
});

test('all of a gigabyte arrives, in pieces', async () => {
  let bytes = 0;
  const onOutput = (_: unknown, piece: Buffer): void => {
    bytes += piece.length;
  };
  const { code } = await python('import sys\nfor i in range(256): sys.stdout.write("x" * 2**20)', { onOutput });
  expect([code, bytes]).toEqual([0, 2 ** 28]);
});

test('it is asked to end, and ends by itself', async () => {
  const stop = new AbortController();
  const text =
    'import signal,sys,time\nsignal.signal(signal.SIGTERM, lambda *_: (print("saved"), sys.exit(0)))\nprint("up", flush=True)\ntime.sleep(60)';
  const began = performance.now();
  const ended = await python(text, {
    ...{ signal: stop.signal, graceMs: 30_000 },
    onOutput: () => stop.abort(),
  });
  expect(ended).toMatchObject({ code: 0, stopped: 'aborted' });
  expect(performance.now() - began).toBeLessThan(20_000);
});

test('one that ignores that is killed, with all that it started, in whatever group or session', async () => {
  const words = ['own', 'group', 'session'].map((name) => `stray-${name}-${process.pid}`);
  const text = `
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for word, more in zip(${JSON.stringify(words)}, [{}, {"preexec_fn": os.setpgrp}, {"start_new_session": True}]):
    subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", word], **more)
print("up", flush=True)
time.sleep(60)`;
  const stop = new AbortController();
  const onOutput = (): void => {
    for (const word of words) expect(isRunning(word)).toBe(true);
    stop.abort();
  };
  expect(await python(text, { signal: stop.signal, onOutput })).toMatchObject({
    signal: 'SIGKILL',
    stopped: 'aborted',
  });
  for (const word of words) expect([word, isRunning(word)]).toEqual([word, false]);
});

test('one that runs longer than it may is stopped', async () => {
  expect(await python('import time; time.sleep(60)', { timeoutMs: 300 })).toMatchObject({
    ...{ signal: 'SIGTERM', stopped: 'timeout' },
  });
});

test('one that takes more memory than it may is killed, whichever of its processes has it', async () => {
  const text = 'import os,time\nif os.fork() == 0: held = b"x" * 200 * 2**20\ntime.sleep(60)';
  const ended = await python(text, { memoryBytes: 100 * 2 ** 20 });
  expect([ended.code, ended.stopped]).toEqual([null, 'memory']);
  expect((await python('import time; time.sleep(1.5)', { memoryBytes: 100 * 2 ** 20 })).code).toBe(0);
});

test('what it leaves in the background ends with it, and does not hold it up', async () => {
  const word = `daemon-${process.pid}`;
  const text = `import subprocess, sys; subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "${word}"], start_new_session=True)`;
  const began = performance.now();
  expect(await python(text)).toMatchObject({ code: 0 });
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(isRunning(word)).toBe(false);
});

test('somebody else may kill it', async () => {
  const text = 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)';
  expect(await python(text)).toEqual({ code: null, signal: 'SIGKILL', out: '', err: '' });
});

test('no part of it outlives a worker that is killed', async () => {
  const word = `orphan-${process.pid}`;
  const module = fileURLToPath(new URL('../../foreign/program.ts', import.meta.url));
  const worker = join(folder, 'worker.mts');
  writeFileSync(
    worker,
    `import { runProgram } from ${JSON.stringify(module)};
const text = 'import subprocess, sys, time; subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "${word}"], start_new_session=True); time.sleep(60)';
await runProgram({ command: ['python3', '-c', text, '${word}'], cwd: '/', env: { PATH: process.env.PATH }, graceMs: 100, signal: new AbortController().signal, onOutput() {} });`,
  );
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', worker], { cwd: root, stdio: 'ignore' });
  await until(() => isRunning(word));
  child.kill('SIGKILL');
  await until(() => !isRunning(word));
}, 60_000);
