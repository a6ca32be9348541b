import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sourcesDigest } from '../../cli/bundle/sources.mjs';
import { kindPlaces } from '../../schemas/kind-places.ts';
import { copyCheckout } from '../helpers/checkout.ts';
import { ownEnv } from '../helpers/services.ts';

const { folder, edit } = copyCheckout();
const home = mkdtempSync(join(tmpdir(), 'cemiflow-bundle-home-'));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'cemiflow-bundle-cache-'));
});

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const start = (argv: readonly string[], env: { readonly [name: string]: string }): Promise<Result> =>
  new Promise((resolve, reject) => {
    const all = { ...ownEnv(), XDG_CACHE_HOME: cache, CEMIFLOW_HOME: home, ...env };
    const child = spawn(process.execPath, argv, { cwd: folder, env: all });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject).once('close', (code) => resolve({ code, out, err }));
  });

/** The command line as users start it. */
const cemiflow = (args: readonly string[], env = {}): Promise<Result> =>
  start([join(folder, 'cli/cemiflow.mjs'), ...args], env);

const fromSource = (args: readonly string[]): Promise<Result> =>
  start(['--import', 'tsx', join(folder, 'cli/main.ts'), ...args], {});

/** Files of the bundles of the copy, and of what V8 compiled. */
const kept = (end = ''): string[] => {
  const commands = join(cache, 'cemiflow', 'commands');
  if (!existsSync(commands)) return [];
  return readdirSync(commands).flatMap((each) =>
    readdirSync(join(commands, each))
      .filter((file) => file.endsWith(end))
      .map((file) => join(commands, each, file)),
  );
};

/** Changes one byte in the middle of a file. */
const damage = (path: string | undefined): void => {
  const bytes = readFileSync(path as string);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(path as string, bytes);
};

const summary = 'list the runs, latest first';

describe('the bundle', () => {
  it('says what the source says, with the same exit codes', async () => {
    const spec = join(home, 'bad.yaml');
    writeFileSync(spec, 'experiment: x\nstages: {a: {uses: data/procedural}}\n');
    const commands = [
      ['help'],
      ['help', 'run'],
      ['nonsense'],
      ['--version'],
      ['kinds', 'recognizer/train'],
      ['validate', join(folder, 'pipelines/quickstart.yaml'), '--json'],
      ['validate', spec],
      ['status'],
      ['audit', '--bundle', join(home, 'none')],
    ];
    for (const args of commands) expect(await cemiflow(args), args.join(' ')).toEqual(await fromSource(args));
    expect(kept('.cjs')).toHaveLength(1);
    // Of those that succeeded.
    expect(kept(process.arch).map((path) => path.split('.').at(-4))).toEqual(['help', 'kinds', 'validate']);
  }, 180_000);

  it('holds what estimates each kind, since run estimates before it starts anything', async () => {
    await cemiflow(['kinds']);
    const text = kept()
      .map((path) => readFileSync(path, 'latin1'))
      .join('');
    const estimates = kindPlaces().flatMap(({ estimate }) => estimate ?? []);
    expect(estimates.length).toBeGreaterThan(30);
    for (const path of estimates) expect(text, path).toContain(`"../${path}"`);
  });

  it('is never older than its source', async () => {
    expect((await cemiflow(['help'])).out).toContain(summary);
    const path = 'cli/commands/index.ts';
    const { atime, mtime, size } = statSync(join(folder, path));
    const swapped = 'tell the runs, latest first';
    edit(path, summary, swapped);
    utimesSync(join(folder, path), atime, mtime);
    expect(statSync(join(folder, path))).toMatchObject({ mtime, size });
    expect((await cemiflow(['help'])).out).toContain(swapped);
    expect(kept('.cjs')).toHaveLength(2);
    edit(path, swapped, summary);
    expect((await cemiflow(['help'])).out).toContain(summary);
    expect(kept('.cjs')).toHaveLength(2);
  }, 60_000);

  it('is another one where a file comes or changes; hidden files are those of editors', () => {
    const other = copyCheckout(folder).folder;
    const digests = [sourcesDigest(other)];
    expect(digests[0]).toBe(sourcesDigest(folder));
    const change = (path: string, text: string): void => {
      writeFileSync(join(other, path), text);
      digests.push(sourcesDigest(other));
    };
    mkdirSync(join(other, 'report/blocks/new'));
    change('report/blocks/new/block.ts', '');
    change('report/blocks/new/block.ts', ' ');
    change('report/blocks/new/.block.ts.swp', '');
    expect(new Set(digests.slice(0, 3)).size).toBe(3);
    expect(digests[3]).toBe(digests[2]);
  });

  it('is made by several commands at once, and is whole', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => cemiflow(['kinds'])));
    for (const each of all) expect(each).toEqual({ ...all[0], code: 0, err: '' });
    expect(kept('.cjs')).toHaveLength(1);
    expect(kept('.tmp')).toEqual([]);
  }, 60_000);

  it('is made again where it is damaged, as is what V8 compiled of it', async () => {
    const { out } = await cemiflow(['help']);
    const before = kept().map((path) => readFileSync(path));
    expect(before).toHaveLength(2);
    for (const path of kept()) damage(path);
    expect(await cemiflow(['help'])).toEqual({ code: 0, out, err: '' });
    expect(kept().map((path) => readFileSync(path))).toHaveLength(2);
    expect(readFileSync(kept('.cjs')[0] as string).equals(before[0] as Buffer)).toBe(true);
  }, 60_000);

  it('is left out where it cannot be kept, where stacks are asked for, or on demand', async () => {
    const help = await cemiflow(['help'], { CEMIFLOW_FROM_SOURCE: '1' });
    expect(kept()).toEqual([]);
    writeFileSync(join(cache, 'cemiflow'), 'no folder');
    expect(await cemiflow(['help'])).toEqual(help);
    expect(readFileSync(join(cache, 'cemiflow'), 'utf8')).toBe('no folder');
    const { err } = await cemiflow(['nonsense', '--verbose']);
    expect(err).toMatch(/cli\/dispatch\.ts:\d+/);
  }, 60_000);

  it('is left out where the code cannot be bundled: the command says what is wrong', async () => {
    edit('cli/help.ts', 'export const help = (', 'export const help = ((');
    const args = ['help'];
    const [here, there] = [await cemiflow(args), await fromSource(args)];
    edit('cli/help.ts', 'export const help = ((', 'export const help = (');
    expect(here.code).toBe(there.code);
    expect(here.code).not.toBe(0);
    expect(here.err).toContain('cli/help.ts');
    expect(kept()).toEqual([]);
  }, 60_000);

  it('keeps the newest three', async () => {
    const path = 'cli/commands/index.ts';
    for (const word of ['one', 'two', 'three', 'four']) {
      edit(path, summary, `${word} ${summary}`);
      expect((await cemiflow(['help'])).out).toContain(`${word} ${summary}`);
      edit(path, `${word} ${summary}`, summary);
    }
    expect(kept('.cjs')).toHaveLength(3);
    expect(kept()).toHaveLength(6);
  }, 60_000);
});
