import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LongProcess, processSide } from '../../bench/process.ts';
import { isAlive, processStart } from '../../setup/lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: string, body: string): { file: string; args: string[] } => {
  const path = join(folder, `${name}.mts`);
  writeFileSync(path, body);
  return { file: process.execPath, args: ['--import', 'tsx', path] };
};

const servePath = JSON.stringify(join(import.meta.dirname, '../../bench/serve.ts'));
const counter = program(
  'counter',
  `import { serve } from ${servePath};
   let count = 0;
   console.log('a library says hello');
   await serve({ pid: process.pid }, async ({ fail }) => {
     if (fail) throw new Error('asked to fail');
     return ++count;
   });`,
);

describe('a long-lived process', () => {
  it('stays the same over repetitions, says its facts and memory, and is gone after close', async () => {
    const running = await LongProcess.start(counter);
    const pid = running.facts.pid as number;
    const start = processStart(pid);
    expect((await running.repeat()).seconds).toBe(1);
    expect((await running.repeat()).seconds).toBe(2);
    expect(running.peakMemory()).toBeGreaterThan(10 * 2 ** 20);
    await running.close();
    expect(isAlive({ pid, start })).toBe(false);
  });

  it('that breaks is an error that shows what it wrote', async () => {
    const running = await LongProcess.start(counter);
    await expect(running.repeat({ fail: true })).rejects.toMatchObject({
      code: 'BenchmarkFailed',
      message: expect.stringContaining('asked to fail'),
    });
    await running.close();
  });

  it('that cannot start, or ends before it is ready, is an error', async () => {
    const missing = LongProcess.start({ file: join(folder, 'nothing'), args: [] });
    await expect(missing).rejects.toMatchObject({ code: 'BenchmarkFailed' });
    const early = LongProcess.start(program('early', 'process.exit(3);'));
    await expect(early).rejects.toMatchObject({ code: 'BenchmarkFailed' });
  });

  it('is ended where it does not end with its input', async () => {
    const running = await LongProcess.start(
      program('deaf', `console.log(JSON.stringify({ pid: process.pid })); setInterval(() => {}, 1000);`),
    );
    const pid = running.facts.pid as number;
    const start = processStart(pid);
    await running.close();
    expect(isAlive({ pid, start })).toBe(false);
  });

  it('serves as a side', async () => {
    const side = processSide('counter', async () => counter);
    await side.prepare?.();
    expect(await side.run()).toBe(1);
    expect(side.facts?.()).toHaveProperty('pid');
    await side.close?.();
  });
});
