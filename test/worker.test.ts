import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { digestOf } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { runningTensorFlow } from '../engine/machine.ts';
import { flagsOf } from '../nn/device/flags.ts';
import { loadStageSchemas } from '../schemas/stage-schemas.ts';
import { codeDigests } from '../spec/code-digest.ts';
import { expandSpec } from '../spec/expand.ts';
import { readSpec } from '../spec/spec.ts';
import { hostOver } from '../worker.ts';
import { root } from './cli/helpers.ts';
import { memoryStore } from './helpers/memory-store.ts';
import { ownEnv } from './helpers/services.ts';
import { writeSpecs } from './spec/helpers.ts';

const kind = 'recognizer/train';

/** What becomes of a stage with tensors on a worker for this device. @param params default none, with which it cannot run */
const failureOn = async (device: 'cpu' | 'gpu', params: JsonObject = {}): Promise<string | undefined> => {
  const host = hostOver(memoryStore(), 'build', { device, flags: flagsOf({}), visibleGpus: undefined });
  const code = (await codeDigests([kind])).get(kind)?.digest ?? digestOf('');
  const task = { nodeId: 'teacher', experiment: 'tiny', action: { kind, params, seed: 1, code } };
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

it('a worker refuses a stage whose precision it would not compute, before the stage loads anything', async () => {
  const { device } = await runningTensorFlow();
  const text = `experiment: tiny
seed: 7
stages:
  faces: {uses: data/procedural}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}"}}
`;
  const { nodes } = expandSpec(readSpec('spec.yaml', { cwd: writeSpecs({ 'spec.yaml': text }) }), loadStageSchemas());
  const { params } = nodes.find(({ id }) => id === 'teacher') as { params: JsonObject };
  const withPrecision = (precision: string): JsonObject => ({
    ...params,
    data: { type: 'dataset', digest: digestOf('nothing') },
    precision,
  });
  // The data are not there, which is what a stage that is not refused fails of.
  expect(await failureOn('cpu', withPrecision('bfloat16'))).not.toBe('PrecisionUnsupported');
  if (device === 'cpu')
    for (const precision of ['float16', 'tf32'])
      expect(await failureOn('cpu', withPrecision(precision))).toBe('PrecisionUnsupported');
});

it('a watchdog without a sound patience is refused, with the remedy', async () => {
  const env = { ...ownEnv(), CEMIFLOW_WATCHDOG_SECONDS: 'soon' };
  const worker = join(root, 'worker.ts');
  const args = ['--import', 'tsx', worker, '--role', 'cpu', '--build', 'x'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  expect(stderr).toMatch(/^error\[EnvironmentInvalid\].*CEMIFLOW_WATCHDOG_SECONDS.*got soon[\s\S]*\n {2}remedy: /);
  expect(status).toBe(1);
});
