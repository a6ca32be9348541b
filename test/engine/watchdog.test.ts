import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** A process under a watchdog with one second of patience. @param code runs after the watchdog was started */
const processThat = (code: string): Promise<{ exit: number | string | null; err: string }> =>
  new Promise((resolve, reject) => {
    const script = `import { startWatchdog } from './engine/watchdog.ts';\nstartWatchdog(1000);\n${code}`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve({ exit: signal ?? exit, err }));
  });

test('a process whose main thread stands still is killed, and says so', async () => {
  const hang = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
  expect(await processThat(hang)).toEqual({
    exit: 'SIGKILL',
    err: 'watchdog: the main thread has stood still for 1 s, killing this process\n',
  });
});

test('a process that is busy in short steps is left alone for as long as it likes', async () => {
  const busy = `
    const step = () => { for (const end = performance.now() + 100; performance.now() < end; ); };
    for (let i = 0; i < 30; i++) { step(); await new Promise((resolve) => setImmediate(resolve)); }`;
  expect(await processThat(busy)).toEqual({ exit: 0, err: '' });
});

test('a watchdog keeps no process alive', async () => {
  expect(await processThat('')).toEqual({ exit: 0, err: '' });
});
