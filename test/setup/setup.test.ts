import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { versions } from '../../setup/layout.mjs';
import { Machine, type ToolName } from './machine.ts';

const machines: Machine[] = [];
const machine = (present?: readonly ToolName[]): Machine => {
  machines.push(new Machine(present));
  return machines.at(-1) as Machine;
};
afterEach(() => {
  for (const made of machines.splice(0)) made.remove();
});

test('a bare clone becomes ready, and the next set-up says and does nothing', async () => {
  const bare = machine();
  const first = await bare.setUp();
  expect(first.output).toMatch(/set-up complete in/);
  expect(first.code).toBe(0);
  const { temporal, minio } = versions;
  expect(bare.calls().map((call) => call.replace(/--dest \S+/, '--dest D'))).toEqual([
    `go install ${minio.module}@${minio.version}`,
    `go install ${temporal.module}@${temporal.version}`,
    'node-gyp configure build',
    'npm ci --include=dev --include=optional --prefer-offline --no-audit --no-fund',
    'python3 -m pip download --no-deps --only-binary=:all: --no-cache-dir --progress-bar off --dest D tensorflow-cpu==2.21.0',
  ]);
  const tensorflow = join(bare.cache, 'tensorflow-cpu-2.21.0');
  expect(readdirSync(join(tensorflow, 'lib')).sort()).toEqual([
    ...['libtensorflow.so', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so', 'libtensorflow_framework.so.2'],
  ]);
  expect(readdirSync(tensorflow).sort()).toEqual(['include', 'lib', 'stamp.json']);
  expect(statSync(join(bare.cache, `temporal-${temporal.version}`, 'temporal')).mode & 0o111).toBe(0o111);
  expect(readlinkSync(join(bare.clone, 'node_modules/@tensorflow/tfjs-node-gpu/deps'))).toBe(tensorflow);

  const calls = bare.calls();
  expect(await bare.setUp()).toEqual({ code: 0, output: '' });
  expect(bare.calls()).toEqual(calls);
});

test('a changed lock file brings npm back, and the addon comes from the cache', async () => {
  const bare = machine();
  await bare.setUp();
  bare.lock({ 'node_modules/new': { version: '1.0.0' } });
  expect((await bare.setUp()).code).toBe(0);
  const counts = ['npm ci', 'node-gyp', 'go install'].map(
    (name) => bare.calls().filter((c) => c.startsWith(name)).length,
  );
  expect(counts).toEqual([2, 1, 2]);
});

test('everything that is missing is named in one message, with its purpose and the ways out', async () => {
  const { code, output } = await machine([]).setUp();
  expect(code).toBe(2);
  expect(output).toContain('5 things are missing');
  for (const word of ['npm', 'Python 3 with pip', 'a C++ compiler and make', 'Go 1.21', 'apt-get install golang-go'])
    expect(output).toContain(word);
  expect(output).toMatch(/TEMPORAL_ADDRESS.*S3_ENDPOINT/);
});

test('addresses of existing servers make Go unnecessary', async () => {
  const bare = machine(['npm', 'python3', 'c++', 'make']);
  const refused = await bare.setUp({ TEMPORAL_ADDRESS: 'temporal:7233' });
  expect(refused.code).toBe(2);
  expect(refused.output).toContain('one thing is missing');
  expect(refused.output).not.toContain('the Temporal server, which');
  expect((await bare.setUp({ TEMPORAL_ADDRESS: 'temporal:7233', S3_ENDPOINT: 'http://s3' })).code).toBe(0);
});

test('without a network, one message says so and the exit code is 2', async () => {
  const { code, output } = await machine().setUp({ FAKE_OFFLINE: '1' });
  expect(code).toBe(2);
  expect(output).toContain('one thing is missing');
  expect(output).toContain('the network');
  expect(output).toContain('no such host');
});

test('a step that fails lets the others finish, shows its last lines, and is all that is left to do', async () => {
  const bare = machine();
  const { code, output } = await bare.setUp({ FAKE_GO_BROKEN: '1' });
  expect(code).toBe(1);
  expect(output).toContain('| undefined: frobnicate');
  expect(output).toContain(join(bare.cache, 'logs', 'temporal.log'));
  expect(existsSync(join(bare.cache, 'tensorflow-cpu-2.21.0', 'stamp.json'))).toBe(true);
  expect((await bare.setUp()).code).toBe(0);
  expect(bare.calls().filter((call) => call.includes('pip download'))).toHaveLength(1);
});

const until = async (check: () => boolean): Promise<void> => {
  for (let i = 0; i < 600 && !check(); i++) await sleep(25);
  expect(check()).toBe(true);
};

test('a set-up that was killed repairs itself, and leaves nothing half made', async () => {
  const bare = machine();
  const victim = bare.begin({ FAKE_GO_SECONDS: '2' });
  await until(() => bare.calls().some((call) => call.startsWith('go install')));
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  expect(existsSync(join(bare.cache, 'setup.lock'))).toBe(true);
  expect((await bare.setUp()).code).toBe(0);
  expect(readdirSync(bare.cache).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(existsSync(join(bare.cache, 'setup.lock'))).toBe(false);
});

test('a damaged cache entry is made again', async () => {
  const bare = machine();
  await bare.setUp();
  const binary = join(bare.cache, `minio-${versions.minio.version}`, 'minio');
  truncateSync(binary, 3);
  rmSync(join(bare.cache, 'tensorflow-cpu-2.21.0', 'lib', 'libtensorflow_cc.so.2'));
  expect((await bare.setUp()).code).toBe(0);
  expect(readFileSync(binary, 'utf8')).toContain('binary of');
  expect(bare.calls().filter((call) => call.startsWith('go install'))).toHaveLength(3);
});

test('of two set-ups at once, one works and the other waits for it', async () => {
  const bare = machine();
  const both = await Promise.all([bare.setUp({ FAKE_GO_SECONDS: '0.5' }), bare.setUp({ FAKE_GO_SECONDS: '0.5' })]);
  expect(both.map((result) => result.code)).toEqual([0, 0]);
  expect(both.filter((result) => result.output.includes('another set-up runs'))).toHaveLength(1);
  expect(bare.calls()).toHaveLength(5);
});

test('an interrupt stops the builds and releases the lock', async () => {
  const bare = machine();
  const victim = bare.begin({ FAKE_GO_SECONDS: '30' });
  await until(() => bare.calls().some((call) => call.startsWith('go install')));
  victim.kill('SIGINT');
  const [code] = await once(victim, 'exit');
  expect(code).toBe(130);
  await until(() => bare.processes().length === 0);
  expect(existsSync(join(bare.cache, 'setup.lock'))).toBe(false);
});

test('with a GPU, the CUDA libraries of the extra lie where the run paths of TensorFlow look for them', async () => {
  const bare = machine();
  const { code, output } = await bare.setUp({ CEMIFLOW_TENSORFLOW: 'gpu' });
  expect(code).toBe(0);
  expect(output).toContain('it finds no GPU that it can use');
  const tensorflow = join(bare.cache, 'tensorflow-gpu-2.21.0');
  // $ORIGIN/../nvidia/cublas/lib, seen from lib/.
  expect(readFileSync(join(tensorflow, 'lib', '..', 'nvidia', 'cublas', 'lib', 'libcublas.so.12'), 'utf8')).toBe(
    'cuda',
  );
  const stamp = JSON.parse(readFileSync(join(tensorflow, 'stamp.json'), 'utf8'));
  expect(stamp.cuda).toEqual([`nvidia-cublas-cu12==${versions.cuda['nvidia-cublas-cu12']}`, 'nvidia-new-cu12<2']);
  expect(Object.keys(stamp.files)).toContain('nvidia/new/lib/libnew.so.12');
  expect(stamp.files['nvidia/new/lib/libnew.so.12'].digest).toMatch(/^sha256:[0-9a-f]{64}$/);
});
