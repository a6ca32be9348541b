import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  libraryDigest,
  loadedTensorFlow,
  recordedMachine,
  requireGpu,
  runningTensorFlow,
} from '../../engine/machine.ts';
import { flagsOf } from '../../nn/device/flags.ts';

const setup = { device: 'cpu', flags: flagsOf({ TF_NUM_INTRAOP_THREADS: '2' }), visibleGpus: '-1' } as const;

it('a stage without tensors is recorded with its machine alone', async () => {
  const machine = await recordedMachine();
  expect(machine).toMatchObject({ cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.version });
  expect(machine.tensorflow).toBeUndefined();
});

it('a stage with tensors is recorded with the device that TensorFlow itself names, its flags and its library', async () => {
  const { version, device } = await runningTensorFlow();
  const library = loadedTensorFlow() ?? '';
  expect(existsSync(library)).toBe(true);
  const { tensorflow } = await recordedMachine(setup);
  expect(tensorflow).toMatchObject({ version, device, flags: setup.flags, library: await libraryDigest(library) });
  // A GPU is named where one was used, and nowhere else.
  expect(tensorflow?.gpu !== undefined).toBe(device === 'gpu');
});

it('work for a GPU is refused where TensorFlow has none, with the way out', async () => {
  if ((await runningTensorFlow()).device === 'gpu') await expect(requireGpu()).resolves.toBeUndefined();
  else
    await expect(requireGpu()).rejects.toMatchObject({
      code: 'NoGpu',
      remedy: expect.stringContaining('cemiflow doctor'),
    });
});

it('the digest of a file is its sha256', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'cemiflow-machine-')), 'library');
  writeFileSync(file, 'content');
  expect(await libraryDigest(file)).toBe(`sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`);
});
