import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { diedIn, summarize, withAgain } from '../../.ci/summary.mjs';
import { versions } from '../../setup/layout.mjs';
import { acquireLock, isAlive, processStart } from '../../setup/lock.mjs';

// Plain JavaScript without declarations.
const part = (name: string) => import(join(import.meta.dirname, '..', '..', 'setup', `${name}.mjs`));
const { nodeTrouble, compareVersions, failureMessage, spaceMissing } = await part('requirements');
const { fitsLock } = await part('npm');
const { cudaRequirements, tensorflowVariant } = await part('tensorflow');
const { copyingMemory, nodeHeaders, packageDir } = await part('addon');
const { runSteps } = await part('steps');
const { duration, Progress } = await part('progress');

const folder = mkdtempSync(join(tmpdir(), 'cemiflow-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('Node 20.19 to 24 are accepted; others are refused with the reason', () => {
  for (const version of ['v20.19.0', 'v20.20.2', 'v22.2.0', 'v22.99.1', 'v24.21.0'])
    expect(nodeTrouble(version, versions.node)).toBeUndefined();
  for (const version of ['v25.0.0', 'v100.0.0'])
    expect(nodeTrouble(version, versions.node)).toContain('Node 20, 22 or 24');
  for (const version of ['v21.7.3', 'v22.1.0']) expect(nodeTrouble(version, versions.node)).toContain('from 22.2 on');
  for (const version of ['v18.20.0', 'v20.18.3']) expect(nodeTrouble(version, versions.node)).toContain('too old');
  expect(compareVersions('1.9.0', '1.21')).toBeLessThan(0);
  expect(compareVersions('1.26.8', '1.21')).toBeGreaterThan(0);
});

test('CI runs on the newest supported Node of the machine', () => {
  const home = join(folder, 'nodes');
  const fake = (path: string, version: string): string => {
    const file = join(home, path, 'node');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    return file;
  };
  const onPath = fake('bin', 'v20.20.2');
  const newest = (): string =>
    execFileSync('.ci/newest-node', {
      env: { HOME: home, PATH: `${dirname(onPath)}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
  fake('.nvm/versions/node/v26.0.0/bin', 'v26.0.0');
  const named = fake('.local/share/fnm/node-versions/v24.100.0/installation/bin', 'v24.100.0');
  fake('.nvm/versions/node/v24.99.0/bin', 'v24.99.0');
  expect(newest()).toBe(`${named}\n`);
});

test('too little disk space is missing like anything else', () => {
  const steps = [
    { name: 'Temporal', bytes: 2e9 },
    { name: 'MinIO', bytes: 1e9 },
  ];
  expect(spaceMissing(steps, '/cache', 3e9)).toEqual([]);
  expect(spaceMissing(steps, '/cache', 1e9)).toMatchObject([
    {
      what: 'disk space in /cache: 1.0 GB are free, up to 3.0 GB may be used on the way',
      why: ['Temporal: up to 2.0 GB', 'MinIO: up to 1.0 GB'],
    },
  ]);
});

test('a failure beside lost network is a failure, not a missing network', () => {
  const step = { name: 'MinIO', purpose: 'Go builds MinIO' };
  const offline = { step, error: { message: 'go ended', output: 'x\nGet "https://h": dial tcp: i/o timeout' } };
  const broken = { step, error: { message: 'go ended', output: 'undefined: y', log: 'minio.log' } };
  expect(failureMessage([offline])).toMatchObject({ code: 2, message: expect.stringContaining('i/o timeout') });
  expect(failureMessage([offline, broken])).toMatchObject({ code: 1, message: expect.stringContaining('minio.log') });
});

test('installed packages fit the lock file when all but those of other platforms are there', () => {
  const lock = { packages: { '': {}, a: { version: '1', integrity: 'i' }, b: { version: '2', optional: true } } };
  expect(fitsLock(lock, { packages: { a: { version: '1', integrity: 'i' } } })).toBe(true);
  expect(fitsLock(lock, { packages: { a: { version: '1', integrity: 'other' } } })).toBe(false);
  expect(fitsLock(lock, { packages: { b: { version: '2' } } })).toBe(false);
});

test('the lock file of this project names every optional package, as npm ci asks for', () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8'));
  const missing = Object.entries<{ optionalDependencies?: object }>(packages).flatMap(
    ([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
  );
  expect(missing).toEqual([]);
});

test('CUDA wheels are those of the extra, at their pins where there are any', () => {
  const metadata = [
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    'Requires-Dist: nvidia-nccl-cu12 <3.0,>=2.27.7 ; extra == "and-cuda"',
    'Requires-Dist: tensorflow-io; (python_version < "3.13") and extra == "gcs-filesystem"',
  ].join('\n');
  expect(cudaRequirements(metadata, 'and-cuda', { 'nvidia-cublas-cu12': '12.9.1' })).toEqual([
    ...['nvidia-cublas-cu12==12.9.1', 'nvidia-nccl-cu12<3.0,>=2.27.7'],
  ]);
  const nccl = (wheel: string) => wheel === 'nvidia-nccl-cu12';
  expect(cudaRequirements(metadata, 'and-cuda', {}, nccl)).toEqual(['nvidia-nccl-cu12<3.0,>=2.27.7']);
});

test('a GPU brings the GPU wheel, on x86-64 and unless the user says otherwise', async () => {
  const yes = async () => true;
  const no = async () => false;
  expect(await tensorflowVariant({}, yes, 'x64')).toBe('gpu');
  expect(await tensorflowVariant({}, no, 'x64')).toBe('cpu');
  expect(await tensorflowVariant({}, yes, 'arm64')).toBe('cpu');
  expect(await tensorflowVariant({ CEMIFLOW_TENSORFLOW: 'cpu' }, yes, 'x64')).toBe('cpu');
});

test("Node's own headers are used where its installation has them", () => {
  const include = join(folder, 'node', 'include', 'node');
  expect(nodeHeaders(join(folder, 'node', 'bin', 'node'))).toBeUndefined();
  mkdirSync(include, { recursive: true });
  writeFileSync(join(include, 'node_api.h'), '');
  expect(nodeHeaders(join(folder, 'node', 'bin', 'node'))).toBe(join(folder, 'node'));
});

test('steps run side by side, wait for those they need, and a failure stops only what needs it', async () => {
  const order: string[] = [];
  const steps = [
    { name: 'use', after: ['make', 'fetch'] },
    { name: 'make' },
    { name: 'fetch', after: ['done before'] },
    { name: 'broken', after: [] },
    { name: 'behind', behind: ['broken'] },
    { name: 'lost', after: ['broken'] },
  ];
  const failures = await runSteps(steps, async ({ name }: { name: string }) => {
    order.push(name);
    await sleep(5);
    if (name === 'broken') throw new Error('no');
  });
  expect(failures).toMatchObject([{ step: { name: 'broken' }, error: { message: 'no' } }]);
  expect(order.slice(0, 3).sort()).toEqual(['broken', 'fetch', 'make']);
  expect(order.slice(3).sort()).toEqual(['behind', 'use']);
});

test('progress is plain lines without a terminal, and a moving last line on one', async () => {
  const written: string[] = [];
  const output = { isTTY: false, columns: 80, write: (text: string) => written.push(text) };
  await new Progress(output).step('MinIO', async () => {});
  expect(written.join('')).toMatch(/^\[ +0\.0 s\] MinIO …\n\[ +0\.0 s\] MinIO: done in 0\.0 s\n$/);
  written.length = 0;
  const moving = new Progress({ ...output, isTTY: true });
  await moving.step('MinIO', () => sleep(250));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequence is what is looked for
  expect(written.join('')).toMatch(/\r\x1b\[2K⠙ MinIO \(0\.\d s\)/);
  expect([0, 59_900, 60_000, 125_000].map(duration)).toEqual(['0.0 s', '59.9 s', '1 min 00 s', '2 min 05 s']);
});

test('a lock is held by one at a time', async () => {
  const path = join(folder, 'one.lock');
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const release = await acquireLock(path);
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
      release();
    }),
  );
  expect(most).toBe(1);
  expect(existsSync(path)).toBe(false);
});

test('a lock whose holder died is taken over, one whose pid now belongs to another as well', async () => {
  const path = join(folder, 'stale.lock');
  const child = spawn('sleep', ['60']);
  const holder = { pid: child.pid as number, start: processStart(child.pid as number) as string, token: 'x' };
  writeFileSync(path, JSON.stringify(holder));
  await expect(acquireLock(path, { timeoutMs: 200 })).rejects.toThrow(`held by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await acquireLock(path))();
  writeFileSync(path, JSON.stringify({ pid: process.pid, start: 'long ago', token: 'y' }));
  const waits: number[] = [];
  (await acquireLock(path, { onWait: ({ pid }) => waits.push(pid) }))();
  expect(waits).toEqual([]);
  expect(isAlive({ pid: process.pid, start: processStart(process.pid) })).toBe(true);
});

test('the addon is built from the published source with tensors that copy; another source is refused', () => {
  const project = join(import.meta.dirname, '..', '..');
  const source = readFileSync(join(packageDir(project), 'binding', 'tfjs_backend.cc'), 'utf8');
  const changed = copyingMemory(source);
  expect(changed).toContain('memcpy(TF_TensorData(tensor.tensor), array_data, byte_size)');
  expect(changed).not.toMatch(/auto_ref[^.]|NapiAutoRef/);
  expect(() => copyingMemory(changed)).toThrow("the addon's source does not hold once");
});

test('the last line of continuous integration never calls a broken run passed, and the lines before name what broke', () => {
  const report = { numPassedTests: 7, numFailedTests: 0, testResults: [] };
  expect(summarize(report, { tests: 0, checks: [0, 0] })).toEqual({ passed: 9, failed: 0, failures: [] });
  expect(summarize(report, { tests: 0, checks: [0, 1] })).toEqual({ passed: 8, failed: 1, failures: [] });
  expect(summarize(report, { tests: 1, checks: [0, 0] })).toEqual({ passed: 9, failed: 1, failures: [] });
  expect(summarize(undefined, { tests: 2, checks: [1, 1] })).toEqual({ passed: 0, failed: 3, failures: [] });
  const test = (status: string) => ({ status, fullName: `a ${status} test` });
  const testResults = [
    { name: 'good', status: 'passed', assertionResults: [test('passed'), test('skipped')] },
    { name: 'bad', status: 'failed', assertionResults: [test('failed'), test('passed')] },
    { name: 'unloadable', status: 'failed', assertionResults: [] },
    { name: 'dead', status: 'passed', assertionResults: [test('passed'), test('pending'), test('pending')] },
  ];
  const files = ['good', 'bad', 'unloadable', 'dead', 'absent'];
  expect(summarize({ ...report, testResults }, { tests: 1, checks: [], files })).toEqual({
    passed: 7,
    failed: 4,
    failures: [
      'bad: a failed test',
      'unloadable: not run',
      'dead: the process died in or before "a pending test"',
      'absent: no result',
    ],
  });
});

test('a file whose process died is run once more, and counts as the second run says', () => {
  const test = (status: string, fullName = status) => ({ status, fullName });
  const good = { name: 'good', status: 'passed', assertionResults: [test('passed')] };
  const dead = { name: 'dead', status: 'passed', assertionResults: [test('passed'), test('pending', 'the second')] };
  const report = { numPassedTests: 2, numFailedTests: 0, testResults: [good, dead] };
  expect(diedIn(report)).toEqual(new Map([['dead', 'the second']]));
  expect(diedIn({ ...report, numFailedTests: 1 })).toEqual(new Map());
  expect(diedIn(undefined)).toEqual(new Map());
  const alive = { ...dead, assertionResults: [test('passed'), test('passed')] };
  const failing = { ...dead, assertionResults: [test('passed'), test('failed', 'the second')] };
  const files = ['good', 'dead'];
  const passed = withAgain(report, { numPassedTests: 2, numFailedTests: 0, testResults: [alive] });
  expect(summarize(passed, { tests: 0, checks: [], files })).toEqual({ passed: 3, failed: 0, failures: [] });
  const failed = withAgain(report, { numPassedTests: 1, numFailedTests: 1, testResults: [failing] });
  expect(summarize(failed, { tests: 1, checks: [], files })).toEqual({
    passed: 2,
    failed: 1,
    failures: ['dead: the second'],
  });
  const again = withAgain(report, { numPassedTests: 1, numFailedTests: 0, testResults: [dead] });
  expect(summarize(again, { tests: 1, checks: [], files }).failed).toBe(1);
});
