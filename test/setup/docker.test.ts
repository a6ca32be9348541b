import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { taskQueue } from '../../core/queues.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(root, 'docker', name), 'utf8');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly build?: { readonly target: string; readonly args?: { readonly TENSORFLOW?: string } };
  readonly ports?: readonly string[];
  readonly environment?: { readonly [name: string]: string | number };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly profiles?: readonly string[];
  readonly depends_on?: { readonly [name: string]: { readonly condition: string } };
}
const services: { readonly [name: string]: Service } = parse(read('compose.yaml'), { merge: true }).services;

test('every published port is bound to the loopback address', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
});

test('no secret stands in the file, and each is asked for by name and described in the example', () => {
  const secrets = Object.values(services).flatMap(({ environment = {} }) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|PWD|SECRET|ACCESS_KEY|ROOT_USER/.test(name)),
  );
  const names = secrets.map(([, value]) => /^\$\{(\w+):\?.+\}$/.exec(String(value))?.[1]);
  expect(new Set(names)).toEqual(new Set(['POSTGRES_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY']));
  const used = new Set([...read('compose.yaml').matchAll(/\$\{(\w+)/g)].map((found) => found[1]));
  const described = new Set([...read('example.env').matchAll(/^(\w+)=/gm)].map((found) => found[1]));
  expect(described).toEqual(used);
  expect(read('.gitignore').split('\n')).toContain('.env');
});

test('images are pinned or built here, and what others wait for has a health check', () => {
  for (const [name, { image, build, depends_on }] of Object.entries(services)) {
    if (!build) expect(image, name).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)?$/);
    for (const [other, { condition }] of Object.entries(depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(services[other]?.healthcheck, other).toBeDefined();
    }
  }
});

test('each role has a worker service, the GPU one behind a profile and with the GPU build of TensorFlow', () => {
  const roles = Object.values(services).filter(({ command }) => command?.[0] === 'worker');
  expect(roles.map(({ command }) => command?.[1])).toEqual(['orchestrator', 'cpu', 'gpu']);
  for (const { command, healthcheck } of roles) expect(healthcheck?.test.at(-1)).toBe(command?.[1]);
  expect(services.gpu).toMatchObject({
    profiles: ['gpu'],
    image: 'cemiflow:gpu',
    build: { args: { TENSORFLOW: 'gpu' } },
  });
});

test('histories are kept as long as those of the embedded server', () => {
  expect(services.temporal?.environment?.DEFAULT_NAMESPACE_RETENTION).toBe(`${90 * 24}h`);
});

test('the Dockerfile has the targets that are built, and copies only what exists', () => {
  const dockerfile = read('Dockerfile');
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((found) => found[1]);
  for (const { build } of Object.values(services)) if (build) expect(stages).toContain(build.target);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((found) =>
    String(found[1]).split(' '),
  );
  for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
  for (const script of dockerfile.matchAll(/docker\/[\w-]+\.(ts|sh)/g))
    expect(existsSync(join(root, script[0]))).toBe(true);
  expect(statSync(join(root, 'docker', 'entrypoint.sh')).mode & 0o111).toBe(0o111);
});

let running: TestServices;
beforeAll(async () => {
  running = await startServices();
});
afterAll(() => running.stop());

test('the health check passes exactly while a worker of the role and build polls', async () => {
  const { address } = running.endpoints.temporal;
  const buildFile = join(running.home, 'build-id');
  const build = 'sha256:0123456789abcdef';
  writeFileSync(buildFile, build);
  const check = (role: string): Promise<number | null> =>
    new Promise((resolve) => {
      const options = { cwd: root, env: { ...running.env, TEMPORAL_ADDRESS: address } };
      const args = ['--import', 'tsx', 'docker/health.ts', role, buildFile];
      const child = execFile(process.execPath, args, options, () => resolve(child.exitCode));
    });
  expect(await check('cpu')).toBe(1);
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue: taskQueue('cpu', build),
    activities: { async noop() {} },
  });
  await worker.runUntil(async () => {
    await expect.poll(() => check('cpu'), { timeout: 30_000, interval: 500 }).toBe(0);
    expect(await check('orchestrator')).toBe(1);
  });
  await connection.close();
});
