import { chmodSync, closeSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binaryOf } from '../../services/binaries.ts';
import { backoffMs, Child } from '../../services/child.ts';
import { gpuOf } from '../../services/config.ts';
import { ensureCredentials } from '../../services/credentials.ts';
import { endpointsFrom, resolveEndpoints } from '../../services/endpoints.ts';
import { serverEnv, workerEnv } from '../../services/environment.ts';
import { openLog } from '../../services/files.ts';
import { fleetChanges, wantedWorkers, workerName } from '../../services/fleet.ts';
import type { ChildStatus } from '../../services/index.ts';
import { pathsOf } from '../../services/paths.ts';
import { choosePorts } from '../../services/ports.ts';

const folders: string[] = [];
const folder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'cemiflow-parts-')));
  return folders.at(-1) as string;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

const ports = { temporal: 1, temporalUi: 2, minio: 3, minioConsole: 4 };
const credentials = { accessKey: 'a', secretKey: 's' };

test('each address in the environment replaces its embedded server, and leaves the other', () => {
  const own = endpointsFrom({}, ports, credentials);
  expect(own.temporal).toEqual({ address: '127.0.0.1:1', namespace: 'default', ui: 'http://127.0.0.1:2' });
  expect(own.s3).toMatchObject({ endpoint: 'http://127.0.0.1:3', console: 'http://127.0.0.1:4', bucket: 'cemiflow' });

  const named = endpointsFrom({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'faces' }, ports, credentials);
  expect(named.temporal).toEqual({ address: 'temporal:7233', namespace: 'faces' });
  expect(named).toMatchObject({ embedded: true, s3: own.s3 });

  const s3 = {
    S3_ENDPOINT: 's3.example:9000/',
    S3_ACCESS_KEY: 'x',
    S3_SECRET_KEY: 'y',
    S3_BUCKET: 'b',
    S3_REGION: 'r',
  };
  const both = endpointsFrom({ TEMPORAL_ADDRESS: 'temporal:7233', ...s3 });
  expect(both.embedded).toBe(false);
  expect(both.s3).toEqual({
    endpoint: 'http://s3.example:9000',
    accessKey: 'x',
    secretKey: 'y',
    bucket: 'b',
    region: 'r',
  });
});

test('a named store without credentials, and servers never started, are refused with a remedy', () => {
  expect(() => endpointsFrom({ S3_ENDPOINT: 'http://s3' }, ports)).toThrow(
    expect.objectContaining({ code: 'CredentialsMissing', remedy: 'set S3_ACCESS_KEY and S3_SECRET_KEY' }),
  );
  expect(() => resolveEndpoints({ home: folder(), env: {} })).toThrow(
    expect.objectContaining({ code: 'ServicesNotUp' }),
  );
});

test('a missing binary is answered with both ways out', () => {
  expect(() => binaryOf('minio', { XDG_CACHE_HOME: folder() })).toThrow(
    expect.objectContaining({ code: 'SetUpNeeded', remedy: expect.stringMatching(/node setup\.mjs.*S3_ENDPOINT/) }),
  );
});

test('remembered ports are kept, and one that another program took is replaced', async () => {
  const first = await choosePorts({});
  expect(new Set(Object.values(first)).size).toBe(4);
  const thief = createServer();
  await new Promise<void>((resolve) => thief.listen(first.minio, '127.0.0.1', resolve));
  const moved: string[] = [];
  const second = await choosePorts(first, (name) => moved.push(name));
  await new Promise((resolve) => thief.close(resolve));
  expect(moved).toEqual(['minio']);
  expect(second.minio).not.toBe(first.minio);
  expect({ ...second, minio: first.minio }).toEqual(first);
});

test('credentials are random, stay, and lose loose permissions', () => {
  const path = join(folder(), 'credentials.json');
  const made = ensureCredentials(path);
  expect(made.secretKey.length).toBeGreaterThanOrEqual(32);
  expect(ensureCredentials(path)).toEqual(made);
  expect(ensureCredentials(join(folder(), 'credentials.json')).secretKey).not.toBe(made.secretKey);
  chmodSync(path, 0o644);
  ensureCredentials(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('servers see nothing of the environment that could configure them; workers see what tensors need', () => {
  const env = {
    PATH: '/bin',
    MINIO_ROOT_USER: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
    CUDA_VISIBLE_DEVICES: '0',
    TF_FOO: '1',
    XLA_FLAGS: '--x',
  };
  expect(serverEnv(env)).toEqual({ PATH: '/bin' });
  expect(workerEnv(env)).toEqual({ PATH: '/bin', CUDA_VISIBLE_DEVICES: '0', TF_FOO: '1', XLA_FLAGS: '--x' });
});

test('each GPU worker gets one GPU out of those allowed', () => {
  expect([0, 1].map((i) => gpuOf(undefined, i))).toEqual(['0', '1']);
  expect([0, 1, 2].map((i) => gpuOf('2, 3', i))).toEqual(['2', '3', '2']);
});

test('waits between restarts double from half a second to half a minute', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(backoffMs)).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test('the fleet starts what is missing and drains what is not wanted', () => {
  const one = wantedWorkers('sha256:aaaabbbbccccdddd', { orchestrator: 1, cpu: 2, gpu: 0 });
  expect(one.map(workerName)).toEqual(['orchestrator-0@aaaabbbbcccc', 'cpu-0@aaaabbbbcccc', 'cpu-1@aaaabbbbcccc']);
  const present = one.map((id, i) => ({ name: workerName(id), state: i === 2 ? 'failed' : 'running' }) as ChildStatus);
  expect(fleetChanges(one, present)).toEqual({ start: [], drain: [] });
  expect(fleetChanges(one.slice(0, 2), present).drain).toEqual(['cpu-1@aaaabbbbcccc']);
  const two = wantedWorkers('next', { orchestrator: 1, cpu: 0, gpu: 0 });
  expect(fleetChanges(two, present)).toEqual({ start: two, drain: present.map((child) => child.name) });
  const draining = present.map((child) => ({ ...child, state: 'stopping' as const }));
  expect(fleetChanges(one, draining)).toEqual({ start: one, drain: [] });
});

test('a log over 10 MiB is rotated when it is opened', () => {
  const log = join(folder(), 'x.log');
  writeFileSync(log, Buffer.alloc(10 * 1024 * 1024 + 1));
  closeSync(openLog(log));
  expect(statSync(log).size).toBe(0);
  expect(statSync(`${log}.1`).size).toBe(10 * 1024 * 1024 + 1);
});

test('a child runs though the disk has no room for its pid, and its log is tried again', async () => {
  const home = folder();
  symlinkSync('/dev/full', join(home, 'sleeper'));
  const said: string[] = [];
  const log = join(home, 'logs', 'sleeper.log');
  const command = { file: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {}, cwd: home };
  const say = (line: string) => void said.push(line);
  const child = new Child({ name: 'sleeper', kind: 'cpu', command, log, pids: home, onChange: () => {}, say });
  child.start();
  expect(child.status).toMatchObject({ state: 'backoff', lastExit: expect.stringContaining('ENOENT') });
  mkdirSync(join(home, 'logs'));
  while (child.status.state !== 'running') await new Promise((resolve) => setTimeout(resolve, 50));
  expect(child.status).toMatchObject({ restarts: 1, pid: expect.any(Number) });
  expect(said.join('\n')).toMatch(/cannot write .*sleeper: ENOSPC/);
  await child.stop(5_000);
});

test('the control socket has a path that the kernel takes, however deep the state folder lies', () => {
  const deep = pathsOf(`/home/${'very-long-name/'.repeat(12)}`);
  expect(Buffer.byteLength(deep.socket)).toBeLessThanOrEqual(107);
  expect(deep.socket).not.toBe(pathsOf(`/home/${'very-long-name/'.repeat(13)}`).socket);
  expect(pathsOf('/srv/faces/.cemiflow').socket).toBe('/srv/faces/.cemiflow/control/socket');
});
