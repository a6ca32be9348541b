import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { digestOf } from '../core/digest.ts';
import { runningTensorFlow } from '../engine/machine.ts';
import { flagsOf } from '../nn/device/flags.ts';
import { codeDigests } from '../spec/code-digest.ts';
import { hostOver } from '../worker.ts';
import { root } from './cli/helpers.ts';
import { memoryStore } from './helpers/memory-store.ts';
import { ownEnv } from './helpers/services.ts';

const kind = 'recognizer/train';

/** What becomes of a stage with tensors, without parameters, on a worker for this device. */
const failureOn = async (device: 'cpu' | 'gpu'): Promise<string | undefined> => {
  const host = hostOver(memoryStore(), 'build', { device, flags: flagsOf({}), visibleGpus: undefined });
  const code = (await codeDigests([kind])).get(kind)?.digest ?? digestOf('');
  const task = { nodeId: 'teacher', experiment: 'tiny', action: { kind, params: {}, seed: 1, code } };
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  try {
    await environment.run(host.runStage, task);
    return undefined;
  } catch (error) {
    return (error as { type?: string }).type;
  }
};

it('a worker for a GPU refuses stages with tensors where TensorFlow has none; one for the CPU goes on', async () => {
  const { device } = await runningTensorFlow();
  // Without parameters a stage that is not refused before fails by its schema.
  expect(await failureOn('gpu')).toBe(device === 'gpu' ? 'ParamsInvalid' : 'NoGpu');
  expect(await failureOn('cpu')).toBe('ParamsInvalid');
});

it('a watchdog without a sound patience is refused, with the remedy', async () => {
  const env = { ...ownEnv(), CEMIFLOW_WATCHDOG_SECONDS: 'soon' };
  const worker = join(root, 'worker.ts');
  const args = ['--import', 'tsx', worker, '--role', 'cpu', '--build', 'x'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  expect(stderr).toMatch(/^error\[EnvironmentInvalid\].*CEMIFLOW_WATCHDOG_SECONDS.*got soon[\s\S]*\n {2}remedy: /);
  expect(status).toBe(1);
});
