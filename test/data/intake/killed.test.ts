import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRecordio } from '../../../formats/recordio/index.ts';

const images = 480;
/** Bytes behind the end of a JPEG, which are kept: few images fill the six shards of this set. */
const padding = 200_000;
const home = mkdtempSync(join(tmpdir(), 'killed-'));
const pack = join(home, 'pack');
afterAll(() => rmSync(home, { recursive: true }));

beforeAll(async () => {
  async function* made() {
    for (let i = 0; i < images; i++) {
      const background = { r: i % 256, g: 255 - (i % 256), b: i >> 4 };
      const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .jpeg()
        .toBuffer();
      yield { identity: i >> 4, bytes: Buffer.concat([jpeg, Buffer.alloc(padding, i)]) };
    }
  }
  await writeRecordio(pack, made(), { height: 8, width: 8 });
});

const program = join(import.meta.dirname, 'import-process.ts');

/** Runs the import in a process. @param said gets each line @returns all lines */
const run = async (store: string, attempt: number, said: (line: string, child: ChildProcess) => void = () => {}) => {
  const args = ['--import', 'tsx', program, pack, join(home, store), `${attempt}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    said(line, child);
  }
  const [code, signal] = await ended;
  return { lines, code, signal };
};

const artifactOf = (lines: readonly string[]): string | undefined => lines.find((line) => line.startsWith('artifact'));

test('an import that is killed twice ends with the artifact of one that was left alone', async () => {
  const whole = await run('whole', 1);
  expect(artifactOf(whole.lines)).toMatch(/^artifact sha256:/);

  const steps: number[] = [];
  const kill = (line: string, child: ChildProcess): void => {
    if (!line.startsWith('checkpoint')) return;
    steps.push(Number(line.split(' ')[1]));
    child.kill('SIGKILL');
  };
  const [first, second] = [await run('broken', 1, kill), await run('broken', 2, kill)];
  expect([first.signal, second.signal]).toEqual(['SIGKILL', 'SIGKILL']);
  expect([artifactOf(first.lines), artifactOf(second.lines)]).toEqual([undefined, undefined]);

  const last = await run('broken', 3);
  expect(last.lines[0]).toBe(`resumed ${steps.at(-1)}`);
  expect(steps.at(-1)).toBeGreaterThan(steps[0] as number);
  expect(artifactOf(last.lines)).toBe(artifactOf(whole.lines));
}, 240_000);
