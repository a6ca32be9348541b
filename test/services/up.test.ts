import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'minio';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../../services/control.ts';
import { down, retentionDays, status, up } from '../../services/index.ts';
import { findOrphans } from '../../services/orphans.ts';
import { pathsOf } from '../../services/paths.ts';
import { isFree } from '../../services/ports.ts';
import { retentionTroubles, startTroubles } from '../../services/probe.ts';
import { processStart } from '../../setup/lock.mjs';
import { startServices, type TestServices } from '../helpers/services.ts';

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

const until = async (what: string, check: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
};

/** Local addresses that processes listen on, as the kernel's tables write them. */
const listeningAddresses = (pids: readonly number[]): string[] => {
  const inodes = new Set(
    pids.flatMap((pid) =>
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]];
        } catch {
          return [];
        }
      }),
    ),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.trim().split(/\s+/))
      .filter((row) => row[3] === '0A' && inodes.has(row[9]))
      .map((row) => String(row[1]).split(':')[0] as string),
  );
};

const pidOf = async (name: string): Promise<number> => {
  const { supervisor } = await status(services);
  return supervisor?.children.find((child) => child.name === name)?.pid as number;
};

const storeClient = (): Client => {
  const { endpoint, accessKey, secretKey } = services.endpoints.s3;
  const { hostname, port } = new URL(endpoint);
  return new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
};

const bucketNames = async (): Promise<string[]> => (await storeClient().listBuckets()).map((bucket) => bucket.name);

test('up returns servers that answer, and the store takes the generated credentials', async () => {
  await storeClient().makeBucket('trial');
  expect(await bucketNames()).toEqual(['trial']);
  expect(await status(services)).toMatchObject({ troubles: [], orphans: [], supervisor: { ready: true } });
  expect((await fetch(services.endpoints.temporal.ui as string)).status).toBe(200);
  expect((await fetch(services.endpoints.s3.console as string)).status).toBe(200);
});

test('servers just started are well when their pages open and the namespace takes its retention', async () => {
  const { s3, temporal } = services.endpoints;
  const closed = 'http://127.0.0.1:1';
  expect(await startTroubles(services.endpoints)).toEqual([]);
  expect(await startTroubles({ ...services.endpoints, s3: { ...s3, console: closed } })).toEqual([
    `the page at ${closed} does not open`,
  ]);
  expect(await retentionTroubles({ ...temporal, namespace: 'nobody' })).toEqual([
    expect.stringContaining(`Temporal at ${temporal.address}: `),
  ]);
});

test('wrong credentials are reported as trouble', async () => {
  const { s3, temporal } = services.endpoints;
  const env = {
    ...{ TEMPORAL_ADDRESS: temporal.address, S3_ENDPOINT: s3.endpoint },
    ...{ S3_ACCESS_KEY: s3.accessKey, S3_SECRET_KEY: 'wrong-secret' },
  };
  const found = await status({ home: services.home, env });
  expect(found.troubles).toHaveLength(1);
  expect(found.troubles[0]).toContain('S3 at');
});

test('histories are kept for 90 days', async () => {
  expect(await retentionDays(services.endpoints.temporal)).toBe(90);
});

test('secrets can be read by the owner alone', () => {
  const { credentials, config } = pathsOf(services.home);
  for (const path of [credentials, config]) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(pathsOf(services.home).status, 'utf8')).not.toContain(services.endpoints.s3.secretKey);
  expect(execFileSync('ps', ['-ww', '-eo', 'args']).toString()).not.toContain(services.endpoints.s3.secretKey);
});

test('every port is bound to the loopback address', async () => {
  const addresses = listeningAddresses([await pidOf('temporal'), await pidOf('minio')]);
  expect(addresses.length).toBeGreaterThanOrEqual(4);
  const loopback = ['0100007F', '00000000000000000000000001000000'];
  expect(addresses.filter((address) => !loopback.includes(address))).toEqual([]);
});

test('a second up attaches to what runs', async () => {
  const before = (await status(services)).supervisor;
  const events: string[] = [];
  const again = await up({ ...services, onEvent: (event) => events.push(event.kind) });
  expect(again).toEqual(services.endpoints);
  expect(events).toEqual([]);
  expect((await status(services)).supervisor?.children).toEqual(before?.children);
});

test('up refuses other addresses while workers may use the present ones', async () => {
  const env = { ...services.env, TEMPORAL_ADDRESS: 'temporal.example:7233' };
  await expect(up({ home: services.home, env })).rejects.toMatchObject({ code: 'ServicesDiffer' });
});

test('a server that is killed comes back on its port with its data', async () => {
  const before = await pidOf('minio');
  process.kill(before, 'SIGKILL');
  await until('minio to be restarted', async () => ![before, undefined].includes(await pidOf('minio')));
  await up(services);
  const { supervisor, troubles } = await status(services);
  expect(troubles).toEqual([]);
  expect(await bucketNames()).toEqual(['trial']);
  expect(supervisor?.children.find((child) => child.name === 'minio')).toMatchObject({
    ...{ state: 'running', restarts: 1, lastExit: 'signal SIGKILL' },
  });
});

test('after the supervisor is killed, the next up stops what it left and keeps addresses and data', async () => {
  const running = (await status(services)).supervisor;
  const pids = (running?.children ?? []).map((child) => child.pid as number);
  const starts = pids.map(processStart);
  process.kill(running?.pid as number, 'SIGKILL');
  await until('the supervisor to be gone', async () => processStart(running?.pid as number) === undefined);
  expect([...(await status(services)).orphans].sort()).toEqual([...pids].sort());
  const events: string[] = [];
  const endpoints = await up({ ...services, stopWithPid: process.pid, onEvent: ({ kind }) => events.push(kind) });
  expect(endpoints).toEqual(services.endpoints);
  expect(events).toContain('orphans');
  expect(await bucketNames()).toEqual(['trial']);
  for (const [i, pid] of pids.entries()) expect(processStart(pid)).not.toBe(starts[i]);
});

test('down stops everything, frees the ports, and two ups at once give one supervisor', async () => {
  expect(await down(services)).toEqual({ stopped: true });
  const { temporal, s3 } = services.endpoints;
  const addresses = [
    temporal.address,
    ...[temporal.ui, s3.endpoint, s3.console].map((url) => new URL(url as string).host),
  ];
  for (const address of addresses) expect(await isFree(Number(address.split(':')[1]))).toBe(true);
  expect(findOrphans(services.home)).toEqual([]);
  expect(await down(services)).toEqual({ stopped: false });
  const both = await Promise.all([1, 2].map(() => up({ ...services, stopWithPid: process.pid })));
  expect(both).toEqual([services.endpoints, services.endpoints]);
  const processes = findOrphans(services.home).map((found) => found.pid);
  const children = (await ask(pathsOf(services.home).socket, { op: 'status' }))?.children.map((child) => child.pid);
  expect(processes.sort()).toEqual(children?.sort());
});
