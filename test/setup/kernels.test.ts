import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { sources } from '../../nn/native/library.ts';
import { instructionLevel, kernelDigest, kernelFile, kernelSources } from '../../setup/kernel-file.mjs';
import { Machine } from './machine.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'cemiflow-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the instruction level of a processor', () => {
  const v3 = 'fpu sse4_2 avx2 bmi1 bmi2 f16c fma movbe';
  const v4 = `${v3} avx512f avx512bw avx512cd avx512dq avx512vl`;
  const levelOf = (flags: string, arch = 'x64'): string => {
    const file = join(folder, 'cpuinfo');
    writeFileSync(file, `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t:\n\nprocessor\t: 1\nflags\t\t: ${flags}\n`);
    return instructionLevel(file, arch);
  };

  it.each([
    ['all of AVX-512', v4, 'x86-64-v4'],
    ['AVX-512 without its vector lengths', v4.replace(' avx512vl', ''), 'x86-64-v3'],
    ['AVX2 with what belongs to it', v3, 'x86-64-v3'],
    ['AVX2 without FMA', v3.replace(' fma', ' fma4'), 'baseline'],
    ['neither', 'fpu sse4_2', 'baseline'],
  ])('%s', (_, flags, level) => {
    expect(levelOf(flags)).toBe(level);
  });

  it('is that of every processor where nothing is known, or it is no x86', () => {
    expect(levelOf(v4, 'arm64')).toBe('baseline');
    expect(instructionLevel(join(folder, 'absent'), 'x64')).toBe('baseline');
  });
});

describe('the digest of the sources', () => {
  const project = join(folder, 'project');
  const native = join(project, 'nn', 'native');
  const write = (files: { readonly [name: string]: string }): string => {
    rmSync(project, { recursive: true, force: true });
    mkdirSync(native, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(native, name), text);
    return kernelDigest(project);
  };
  const files = { 'ops.cc': 'int a;', 'norm.h': 'int b;' };

  it('follows names and content of the C++ files, and nothing else', () => {
    const digest = write(files);
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(write({ ...files, 'library.ts': 'export {};' })).toBe(digest);
    const others = [
      write({ ...files, 'norm.h': 'int c;' }),
      write({ ...files, 'more.h': '' }),
      write({ 'ops.cc': 'int a;', 'other.h': 'int b;' }),
    ];
    expect(new Set([digest, ...others]).size).toBe(4);
  });

  it('names the library, so that changed sources never find the old one', () => {
    write(files);
    const before = kernelFile('/packages', project, 'x86-64-v3');
    write({ ...files, 'norm.h': 'int c;' });
    expect(kernelFile('/packages', project, 'x86-64-v3')).not.toBe(before);
    expect(before).toMatch(/^\/packages\/lib\/napi-v8\/cemiflow-kernels-[0-9a-f]{12}-x86-64-v3\.node$/);
  });

  it('is of the files that belong to the code of the stages', () => {
    const named = sources.map((url) => basename(fileURLToPath(url)));
    expect(named.sort()).toEqual(kernelSources(root));
  });
});

describe('set-up', () => {
  const machines: Machine[] = [];
  const machine = (): Machine => {
    machines.push(new Machine());
    return machines.at(-1) as Machine;
  };
  afterEach(() => {
    for (const made of machines.splice(0)) made.remove();
  });
  const librariesOf = ({ clone }: Machine): string[] =>
    readdirSync(join(clone, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8'))
      .filter((name) => name.startsWith('cemiflow-kernels-'))
      .sort();

  it('compiles again when the sources have changed, and npm alone does not make it', async () => {
    const bare = machine();
    await bare.setUp();
    expect(bare.compilations()).toHaveLength(1);
    expect(librariesOf(bare)).toHaveLength(1);
    bare.lock({ 'node_modules/new': { version: '1.0.0' } });
    expect((await bare.setUp()).code).toBe(0);
    expect([bare.compilations().length, librariesOf(bare).length]).toEqual([1, 1]);
    appendFileSync(join(bare.clone, 'nn/native/ops.cc'), '// changed');
    expect((await bare.setUp()).code).toBe(0);
    expect([bare.compilations().length, librariesOf(bare).length]).toEqual([2, 2]);
  });

  it('succeeds without them where the compiler fails, says so, and does not try again', async () => {
    const bare = machine();
    const first = await bare.setUp({ FAKE_CXX_BROKEN: '1' });
    expect(first.code).toBe(0);
    const [, failure] = /they do not compile here \((.+)\); steps will take longer/.exec(first.output) ?? [];
    expect(readFileSync(failure as string, 'utf8')).toContain('error: no such type');
    expect(librariesOf(bare)).toEqual([]);
    expect(await bare.setUp()).toEqual({ code: 0, output: '' });
    expect(bare.compilations()).toHaveLength(1);
  });

  it('builds one for each processor that CEMIFLOW_KERNELS_FOR names', async () => {
    const bare = machine();
    const env = { CEMIFLOW_KERNELS_FOR: 'baseline,x86-64-v3,x86-64-v4' };
    expect((await bare.setUp(env)).code).toBe(0);
    const levels = ['baseline', 'x86-64-v3', 'x86-64-v4'];
    expect(librariesOf(bare)).toEqual(levels.map((level) => basename(kernelFile('', bare.clone, level))));
    const flags = bare.compilations().map((call) => /-march=\S+/.exec(call)?.[0]);
    expect(new Set(flags)).toEqual(new Set([undefined, '-march=x86-64-v3', '-march=x86-64-v4']));
    expect(await bare.setUp(env)).toEqual({ code: 0, output: '' });
    expect(existsSync(join(bare.cache, 'logs', 'kernels.log'))).toBe(true);
  });
});
