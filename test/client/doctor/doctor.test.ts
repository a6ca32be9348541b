import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../client/doctor/check.ts';
import { type Examination, examine } from '../../../client/doctor/diagnosis.ts';
import { installationChecks } from '../../../client/doctor/installed.ts';
import { parseStartupLog } from '../../../client/doctor/startup-log.ts';
import { tensorChecks } from '../../../client/doctor/tensors.ts';
import type { Diagnosis } from '../../../engine/diagnosis.ts';
import { flagsOf } from '../../../nn/device/flags.ts';
import { parseGpus } from '../../../nn/device/gpu.ts';
import type { Installation } from '../../../services/installation.ts';
import { call, emptyFolder } from '../../cli/helpers.ts';
import { ownEnv } from '../../helpers/services.ts';

/** As TensorFlow 2.18 and later print it on a machine with a GPU. */
const gpuLog = [
  '2025-09-11 10:45:28.313254: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results',
  '2025-09-11 10:45:28.420000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary is optimized to use available CPU instructions in performance-critical operations.',
  'To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags.',
  'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
  'W0000 00:00:1764044088.195750   20660 gpu_device.cc:2431] TensorFlow was not built with CUDA kernel binaries compatible with compute capability 12.0.',
  '2026-07-04 23:52:50.546284: W tensorflow/core/common_runtime/gpu/gpu_bfc_allocator.cc:47] Overriding orig_value setting because the TF_FORCE_GPU_ALLOW_GROWTH environment variable is set.',
  'I0000 00:00:1757601929.237732   39879 gpu_device.cc:2020] Created device /job:localhost/replica:0/task:0/device:GPU:0 with 8698 MB memory:  -> device: 0, name: NVIDIA GeForce RTX 4070 SUPER, pci bus id: 0000:01:00.0, compute capability: 8.9',
].join('\n');

describe("TensorFlow's start-up log", () => {
  it('tells oneDNN, CPU instructions, GPUs with their compute capability, and troubles', () => {
    expect(parseStartupLog(gpuLog)).toEqual({
      oneDnn: true,
      instructions: ['AVX2', 'FMA'],
      gpus: [{ name: 'NVIDIA GeForce RTX 4070 SUPER', computeCapability: '8.9' }],
      troubles: ['TensorFlow was not built with CUDA kernel binaries compatible with compute capability 12.0.'],
    });
  });

  it('tells nothing where it says nothing', () => {
    expect(parseStartupLog('')).toEqual({ oneDnn: false, instructions: [], gpus: [], troubles: [] });
  });
});

const digest = `sha256:${'a'.repeat(64)}` as const;
const otherDigest = `sha256:${'b'.repeat(64)}` as const;

const installation = (more: Partial<Installation> = {}): Installation => ({
  node: { version: 'v20.20.2' },
  cache: '/cache',
  tensorflow: {
    ...{ variant: 'cpu', version: '2.21.0', folder: 'tensorflow' },
    digests: { 'lib/libtensorflow_cc.so.2': digest },
  },
  addon: { folder: 'addon', installed: true },
  kernels: { level: 'x86-64-v3', refused: false },
  tools: { temporal: { version: 'v1', works: true }, minio: { version: 'v2', works: true } },
  free: { cache: 5e9, home: 5e9 },
  ...more,
});

const flags = flagsOf({ TF_DETERMINISTIC_OPS: '1', TF_ENABLE_ONEDNN_OPTS: '1', TF_NUM_INTRAOP_THREADS: '2' });
const base = { host: 'h', platform: 'linux', cpu: 'EPYC', cores: 2, node: 'v20', instructions: ['avx2'] };
const healthy: Diagnosis = {
  machine: { ...base, tensorflow: { version: '2.21.0', library: digest, device: 'cpu', flags, kernels: 'native' } },
  memory: { totalBytes: 8e9, availableBytes: 4e9 },
  gpus: [],
  flags,
  library: '/cache/tensorflow/lib/libtensorflow_cc.so.2',
  selfTest: [{ network: 'UNet', compileSeconds: 0.5, stepsPerSecond: 20, eagerDifference: 0, repeatable: true }],
};
const onGpu: Diagnosis = {
  ...healthy,
  machine: {
    ...base,
    tensorflow: {
      ...{ version: '2.21.0', library: digest, device: 'gpu', flags },
      gpu: { name: 'NVIDIA GeForce RTX 4070 SUPER', driver: '580.1', computeCapability: 'unknown' },
    },
  },
  gpus: parseGpus(
    'index, name, driver_version, memory.total [MiB]\n0, NVIDIA GeForce RTX 4070 SUPER, 580.1, 12282 MiB',
  ),
  visibleGpu: 0,
  gpuUse: { takenBytes: 2e9, utilizationPercent: 87 },
};

const oneDnnOn = 'oneDNN custom operations are on. You may see';
const examined = (diagnosis?: Diagnosis, more: Partial<Examination> = {}): Examination => ({
  ...{ diagnosis, log: oneDnnOn, end: 'exit code 0' },
  ...more,
});
const tensors = (diagnosis?: Diagnosis, more: Partial<Examination> = {}, installed = installation(), quick = false) =>
  tensorChecks(examined(diagnosis, more), installed, quick);
const line = (checks: readonly Check[], name: string): Check | undefined => checks.find((check) => check.name === name);

describe('what is installed', () => {
  it('is fine where everything is there', () => {
    const checks = installationChecks(installation(), '/home');
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks).toHaveLength(7);
  });

  it.each([
    ['Node', { node: { version: 'v24.0.0', trouble: 'use Node 20 or 22' } }, /Node 20/],
    ['TensorFlow', { tensorflow: { variant: 'gpu', version: '2.21.0', folder: 'tensorflow' } }, /setup\.mjs/],
    ['addon', { addon: { folder: 'addon', installed: false } }, /setup\.mjs/],
    ['Temporal', { tools: { ...installation().tools, temporal: { version: 'v1', works: false } } }, /TEMPORAL_ADDRESS/],
    ['state folder', { free: { cache: 5e9, home: 5e8 } }, /CEMIFLOW_HOME/],
  ] as const)('fails by the line of %s, which has a remedy, and no other', (name, broken, remedy) => {
    const bad = installationChecks(installation(broken as Partial<Installation>), '/home').filter(
      ({ state }) => state === 'failed',
    );
    expect(bad).toEqual([expect.objectContaining({ name, remedy: expect.stringMatching(remedy) })]);
  });

  it("needs no server's program where the environment names a server", () => {
    const tools = { ...installation().tools, minio: { version: 'v2', works: false, instead: 'http://s3:9000' } };
    expect(line(installationChecks(installation({ tools }), '/home'), 'MinIO')).toMatchObject({
      state: 'ok',
      found: 'http://s3:9000, by S3_ENDPOINT',
    });
  });
});

describe('what TensorFlow sees', () => {
  it('is fine on a healthy CPU', () => {
    const checks = tensors(healthy);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(line(checks, 'library')?.found).toContain('tensorflow/lib/libtensorflow_cc.so.2, sha256:aaaaaaaaaaaa');
    expect(line(checks, 'TF32')?.found).toContain('of no effect');
    expect(line(checks, 'XLA')?.found).toBe('off');
    expect(line(checks, 'trains UNet')?.found).toContain('20.0 step/s');
  });

  it('names the kernels, and where they are missing the way to them', () => {
    const { tensorflow } = healthy.machine;
    const of = (kernels: Partial<Installation['kernels']> = {}, device: 'cpu' | 'gpu' = 'cpu') => {
      const machine = { ...base, tensorflow: { ...tensorflow, device, kernels: 'composed' } } as Diagnosis['machine'];
      const installed = installation({ kernels: { ...installation().kernels, ...kernels } });
      return line(tensors({ ...healthy, machine }, {}, installed), 'kernels');
    };
    expect(line(tensors(healthy), 'kernels')).toMatchObject({ state: 'ok', found: 'our own, for x86-64-v3' });
    expect(of()).toMatchObject({
      state: 'note',
      found: expect.stringContaining('not built'),
      remedy: 'run "node setup.mjs"',
    });
    expect(of({ failure: 'kernels-1/failure.txt' })).toMatchObject({
      state: 'note',
      found: expect.stringContaining('do not compile'),
      remedy: expect.stringMatching(/kernels-1\/failure\.txt in \/cache.*delete kernels-1 there/),
    });
    expect(of({ refused: true })).toMatchObject({ state: 'ok', found: expect.stringContaining('CEMIFLOW_KERNELS') });
    expect(of({}, 'gpu')?.state).toBe('ok');
  });

  it('on a GPU: what nvidia-smi does not tell is taken from the log, or unknown', () => {
    const gpu = installation({ tensorflow: { ...installation().tensorflow, variant: 'gpu' } });
    const checks = tensors(onGpu, { log: gpuLog }, gpu);
    expect(line(checks, 'GPU 0')?.found).toBe(
      'NVIDIA GeForce RTX 4070 SUPER, compute capability 8.9, driver 580.1, 12.9 GB, unknown free',
    );
    expect([line(checks, 'TF32')?.found, line(checks, 'device')?.found]).toEqual(['on', 'GPU']);
    expect(line(checks, 'GPU in use')).toMatchObject({ state: 'ok', found: '87 % busy, 2.0 GB taken while training' });
    expect(line(tensors(onGpu), 'TF32')?.found).toContain('unknown');
  });

  it.each<[string, string, Diagnosis | undefined, Partial<Examination>, RegExp]>([
    ['a CPU without AVX', 'process', undefined, { end: 'signal SIGILL' }, /AVX/],
    ['an addon that does not load', 'library', { ...healthy, machine: base, failure: 'cannot open' }, {}, /setup\.mjs/],
    [
      'another library than the installed one',
      'library',
      {
        ...healthy,
        machine: { ...base, tensorflow: { version: '2.21.0', library: otherDigest, device: 'cpu', flags } },
      },
      {},
      /delete tensorflow in \/cache/,
    ],
    [
      'too little memory',
      'memory',
      { ...healthy, memory: { totalBytes: 8e9, availableBytes: 5e8 } },
      {},
      /end other programs/,
    ],
    [
      'a self-test that breaks',
      'self-test',
      { ...healthy, selfTest: undefined, failure: 'no memory' },
      {},
      /doctor\.ts/,
    ],
    [
      'results that cannot be had again',
      'trains UNet',
      { ...healthy, selfTest: healthy.selfTest?.map((test) => ({ ...test, repeatable: false })) },
      {},
      /bit-identical/,
    ],
    [
      'a compiled step that computes something else',
      'trains UNet',
      { ...healthy, selfTest: healthy.selfTest?.map((test) => ({ ...test, eagerDifference: 0.01 })) },
      {},
      /do not trust/,
    ],
    [
      'a loss that is no number',
      'trains UNet',
      JSON.parse(
        JSON.stringify({
          ...healthy,
          selfTest: healthy.selfTest?.map((test) => ({ ...test, eagerDifference: Number.POSITIVE_INFINITY })),
        }),
      ),
      {},
      /do not trust/,
    ],
    [
      'a GPU that has nothing to do',
      'GPU in use',
      { ...onGpu, gpuUse: { takenBytes: 0, utilizationPercent: 0 } },
      {},
      /did not reach/,
    ],
  ])('fails for %s', (_what, name, diagnosis, more, remedy) => {
    const bad = tensors(diagnosis, more).filter(({ state }) => state === 'failed');
    expect(bad).toEqual([expect.objectContaining({ name, remedy: expect.stringMatching(remedy) })]);
  });

  it('fails where the CUDA build finds no GPU, with what TensorFlow says of it', () => {
    const gpu = installation({ tensorflow: { ...installation().tensorflow, variant: 'gpu' } });
    const log = `${oneDnnOn}\nW0000 00:00:1764044088.195750 20660 gpu_device.cc:2365] Cannot dlopen some GPU libraries.`;
    const check = line(tensors(healthy, { log }, gpu), 'device');
    expect(check).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('Cannot dlopen some GPU libraries'),
    });
  });

  it('notes a GPU that the CPU build leaves idle, and oneDNN that is not what was asked for', () => {
    const checks = tensors({ ...healthy, gpus: onGpu.gpus }, { log: '' });
    expect(checks.flatMap(({ name, state, remedy }) => (state === 'note' && remedy ? [name] : []))).toEqual([
      ...['device', 'oneDNN'],
    ]);
  });

  it('is told without the self-test when it is to be quick', () => {
    const checks = tensors({ ...healthy, selfTest: undefined }, {}, installation(), true);
    expect(checks.filter(({ name, state }) => /train|self-test/.test(name) || state !== 'ok')).toEqual([]);
  });
});

describe('the process with TensorFlow', () => {
  const program = (text: string): string => {
    const file = join(emptyFolder(), 'program.mjs');
    writeFileSync(file, text);
    return file;
  };
  const caller = { env: { ...ownEnv(), S3_SECRET_KEY: 'x', FOO: 'y' }, signal: new AbortController().signal };

  it('is started as a worker is: with the first GPU, and with what workers may see of the environment', async () => {
    const text = "console.error('its log'); console.log(JSON.stringify({ env: process.env, argv: process.argv }))";
    const { diagnosis, log, end } = await examine(caller, { quick: true, program: program(text) });
    const seen = diagnosis as unknown as { env: Record<string, string>; argv: string[] };
    expect(seen.env).toMatchObject({ TF_CPP_MIN_LOG_LEVEL: '0', CUDA_VISIBLE_DEVICES: '0' });
    expect(seen.env.FOO).toBeUndefined();
    expect(seen.argv.at(-1)).toBe('--quick');
    expect([log.trim(), end]).toEqual(['its log', 'exit code 0']);
  });

  it('may crash: how it ended is told', async () => {
    const text = "process.kill(process.pid, 'SIGILL')";
    expect(await examine(caller, { quick: true, program: program(text) })).toMatchObject({
      ...{ diagnosis: undefined, end: 'signal SIGILL' },
    });
  });
});

it('doctor --quick tells what this machine has, in lines and as JSON, and starts nothing', async () => {
  const home = emptyFolder();
  const { code, out } = await call(['doctor', '--quick', '--json'], home);
  const told = JSON.parse(out);
  expect(told.checks.map(({ name }: Check) => name)).toEqual(
    expect.arrayContaining([
      'Node',
      'TensorFlow',
      'addon',
      'CPU',
      'threads',
      'memory',
      'library',
      'device',
      'TF32',
      'XLA',
    ]),
  );
  expect(told.ok).toBe(code === 0);
  expect(told.diagnosis.machine.tensorflow.flags).toMatchObject({ deterministicOps: true, tf32: false, xla: 'off' });
  expect(told.diagnosis.machine.tensorflow.library).toBe(
    told.installation.tensorflow.digests['lib/libtensorflow_cc.so.2'],
  );
  expect(told.diagnosis.selfTest).toBeUndefined();
  const lines = (await call(['doctor', '--quick'], home)).out;
  expect(lines).toMatch(/^cemiflow \d+\.\d+\.\d+/);
  expect(lines).toMatch(/^ {2}✓ library +2\./m);
});
