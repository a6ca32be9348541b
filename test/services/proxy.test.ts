import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withClient } from '../../client/connect.ts';
import { retentionDays } from '../../services/index.ts';
import { isLoopback } from '../../services/loopback.ts';
import { troubles } from '../../services/probe.ts';
import { openStore } from '../../store/index.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** As many university machines have them set, to a proxy that refuses. */
const variables = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
const names = [...variables, 'NODE_USE_ENV_PROXY', 'no_proxy', 'NO_PROXY', 'no_grpc_proxy'];
const before = names.map((name) => [name, process.env[name]] as const);

let services: TestServices;
beforeAll(async () => {
  for (const name of names) delete process.env[name];
  for (const name of variables) process.env[name] = 'http://127.0.0.1:9';
  process.env.NODE_USE_ENV_PROXY = '1';
  services = await startServices();
});
afterAll(async () => {
  for (const [name, value] of before)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  await services?.stop();
});

it('servers on this machine are reached without the proxy of the environment', async () => {
  const { endpoints } = services;
  expect(await troubles(endpoints)).toEqual([]);
  expect(await retentionDays(endpoints.temporal)).toBe(90);
  const found = await withClient(endpoints, ({ connection }) =>
    connection.workflowService.describeNamespace({ namespace: endpoints.temporal.namespace }),
  );
  expect(found.namespaceInfo?.name).toBe(endpoints.temporal.namespace);
  const native = await NativeConnection.connect({ address: endpoints.temporal.address });
  await native.close();
  expect(await (await openStore(endpoints.s3)).runIds()).toEqual([]);
});

it('tells addresses of this machine from others', () => {
  for (const address of ['127.0.0.1:7233', 'localhost:7233', 'LOCALHOST', '[::1]:7233', '127.1.2.3'])
    expect(isLoopback(address), address).toBe(true);
  for (const address of ['10.0.0.1:7233', 'localhost.example.org:7233', '127.0.0.1.example.org', 'temporal:7233', ''])
    expect(isLoopback(address), address).toBe(false);
});
