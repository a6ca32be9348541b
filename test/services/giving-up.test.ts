import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliResult, call, quickSpec } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';
import { faultyWorker, order } from './fixtures/faults.ts';

/** Workers that end as soon as they start, under a supervisor that gives up sooner than usual. */
let services: TestServices;

beforeAll(async () => {
  services = await startServices({ workerFile: faultyWorker, mostFailures: 1 });
}, 120_000);
afterAll(() => services?.stop());

const cemiflow = (...args: string[]): Promise<CliResult> => call(args, services.home);

test('a run whose workers are given up ends its command with what a person must look at; status says the same', async () => {
  order(services.home, 'start', 'exit');
  const { code, err } = await cemiflow('run', quickSpec('dies', 1, ['photos']));
  expect(err).toMatch(
    /error\[ServiceGaveUp\]: dies-\S+ cannot continue: \S+ ended 2 times \(exit code 3\), see \S+\.log\n {2}remedy: .*"cemiflow attach dies-/,
  );
  expect(code).toBe(1);
  const status = await cemiflow('status');
  expect(status.out).toMatch(/orchestrator-0@\S+ +given up/);
  expect(status.out).toMatch(/trouble: orchestrator-0@.* ended 2 times \(exit code 3\).*not started again/);
  expect(status.code).toBe(1);
  expect((await cemiflow('status', 'dies')).out).toMatch(/trouble: \S+ ended 2 times/);
});

test('attach starts given-up workers again, and the run goes on to its end', async () => {
  order(services.home, 'start');
  expect((await cemiflow('attach', 'dies')).code).toBe(0);
  const status = await cemiflow('status');
  expect(status.out).not.toContain('trouble');
  expect(status.code).toBe(0);
});
