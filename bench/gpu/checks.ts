import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../core/errors.ts';
import { listGpus } from '../../nn/device/gpu.ts';
import { addonInstalled, installAddon } from '../../setup/addon.mjs';
import { cacheDir } from '../../setup/cache-dir.mjs';
import { tensorflowDir } from '../../setup/layout.mjs';
import { tensorflowVariant } from '../../setup/tensorflow.mjs';
import { benchMachine } from '../machine.ts';
import { note } from '../program.ts';
import { findCuda, linkCuda, missingCuda, usualFolders } from './cuda.ts';
import { StepFailed } from './record.ts';
import { type GpuPrecision, type Place, variablesFor } from './rows.ts';

const root = join(import.meta.dirname, '..', '..');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly log: string;
}

const timeoutMs = 240_000;
const runProcess = (file: string, args: readonly string[], env: Place['env']): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd: root, env: env as NodeJS.ProcessEnv, timeout: timeoutMs, maxBuffer: 2 ** 28 };
    const child = execFile(file, args, options, (_, out, log) => resolve({ code: child.exitCode, out, log }));
  });

const ownProcess = (args: readonly string[], env: Place['env']): Promise<Ended> =>
  runProcess(process.execPath, ['--import', 'tsx', ...args], env);

/** The end of what a process wrote. */
const endOf = ({ out, log }: Ended): string => `${log}\n${out}`.trim().slice(-1500);

/** GPUs, driver, and PyTorch. @throws StepFailed `NoGpu` */
export const lookAtMachine = async ({ device, env }: Place, python: string): Promise<JsonObject> => {
  const gpus = await listGpus();
  const script = 'import torch; print(torch.__version__, torch.cuda.is_available())';
  const { code, out } = await runProcess(python, ['-c', script], env);
  const [version, sees] = out.trim().split(' ');
  const torch = code === 0 ? { version: version ?? '', gpu: sees === 'True' } : null;
  const found = { machine: benchMachine(), gpus, torch } as unknown as JsonObject;
  if (device === 'cpu' || gpus.length > 0) return found;
  throw new StepFailed('NoGpu', 'nvidia-smi lists no GPU', {
    remedy: 'see that the driver is there and "nvidia-smi" works, or try the checks themselves with --device cpu',
    found,
  });
};

/**
 * Links to CUDA's libraries under the names that TensorFlow asks for.
 *
 * @returns what was found, and the path to search @throws StepFailed `NoDriver`, `CudaMissing`
 */
export const lookForCuda = (
  { device, env }: Place,
  python: string,
  home: string,
): { libraries: Json; path: string } => {
  const packed = join(tensorflowDir(env, 'gpu'), 'nvidia');
  const inCache = existsSync(packed) ? readdirSync(packed).map((part) => join(packed, part, 'lib')) : [];
  const found = findCuda([...inCache, ...usualFolders(env, python)]);
  const libraries = found as unknown as Json;
  const missing = missingCuda(found);
  if (missing.length > 0 && device === 'gpu') throw cudaMissing(missing, libraries);
  return { libraries, path: linkCuda(found, join(home, 'cuda'), env.LD_LIBRARY_PATH) };
};

const cudaMissing = (missing: readonly string[], found: Json): StepFailed =>
  missing.includes('libcuda.so.1')
    ? new StepFailed('NoDriver', "this machine has no libcuda.so.1, the NVIDIA driver's own library", {
        remedy: 'install the driver; in a container, give it the GPU, for example by "--gpus all"',
        found,
      })
    : new StepFailed('CudaMissing', `this machine has no ${missing.join(', ')}, and TensorFlow uses no GPU without`, {
        remedy:
          'name the folders of CUDA 12 or 13 and cuDNN 9 by LD_LIBRARY_PATH, or carry the wheels that set-up installs',
        found,
      });

/** `cemiflow doctor`: the library loads, sees the device, and trains two small networks right. @throws StepFailed `DoctorFailed` */
export const loadAndTest = async ({ device, env }: Place): Promise<JsonObject> => {
  const variant = await tensorflowVariant(env);
  if (!addonInstalled(env, root, variant))
    await installAddon(env, root, variant, join(cacheDir(env), 'logs', 'addon.log'), note);
  const ended = await ownProcess(['cli/main.ts', 'doctor', '--json'], env);
  const { checks, diagnosis } = parse(ended) as {
    checks: { name: string; state: string; found: string }[];
    diagnosis: Json;
  };
  const found = { checks, diagnosis } as unknown as JsonObject;
  // The servers are not packed; a device of the CUDA build that is the CPU is what --device cpu asks for.
  const wrong = checks.filter(({ name, state }) => state === 'failed' && !(name === 'device' && device === 'cpu'));
  if (wrong.length === 0) return found;
  throw new StepFailed('DoctorFailed', wrong.map((check) => `${check.name}: ${check.found}`).join('\n'), {
    remedy: 'see the remedies in "checks", and TensorFlow\'s own log by "cemiflow doctor --verbose"',
    found,
  });
};

const parse = (ended: Ended): unknown => {
  try {
    return JSON.parse(ended.out);
  } catch {
    throw new StepFailed('NoAnswer', `the process ended with exit code ${ended.code} and no result: ${endOf(ended)}`, {
      remedy: 'see its last lines',
    });
  }
};

/** PyTorch's values for the same weights and inputs. Their limits are those of float32. */
export const golden = async (place: Place): Promise<JsonObject> => {
  const env = variablesFor('float32', place);
  const ended = await runProcess(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', 'golden-'],
    env,
  );
  const {
    numPassedTests: passed,
    numTotalTests: total,
    testResults,
  } = parse({ ...ended, out: ended.out.slice(ended.out.indexOf('{')) }) as {
    numPassedTests: number;
    numTotalTests: number;
    testResults: {
      name: string;
      message: string;
      assertionResults: { title: string; status: string; failureMessages: string[] }[];
    }[];
  };
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  const broken = testResults
    .filter(({ message }) => message !== '')
    .map(({ name, message }) => ({ title: name, failureMessages: [message] }));
  const failures = [...failed, ...broken].map(({ title, failureMessages }) => ({
    title,
    message: failureMessages[0]?.slice(0, 300) ?? '',
  }));
  if (passed === total && broken.length === 0 && total > 0) return { passed, total };
  throw new StepFailed('GoldenDiffers', `${passed} of ${total} golden tests pass`, {
    remedy: 'compare the differences with the limits in test/golden/README.md, which were measured on a CPU',
    found: { passed, total, failures },
  });
};

/** Two processes at a time. @returns the digest, which stands for all results */
export const digest = async (precision: GpuPrecision, place: Place): Promise<{ digest: string; networks: Json }> => {
  const one = async (): Promise<{ device: string; networks: { name: string; digest: string }[] }> =>
    parse(await ownProcess(['bench/gpu/digest.ts', precision], variablesFor(precision, place))) as never;
  const [a, b] = await Promise.all([one(), one()]);
  if (a.device !== place.device)
    throw new StepFailed('WrongDevice', `computed on the ${a.device}, asked for the ${place.device}`, {
      remedy: 'see the step "load"',
    });
  const digests = [a, b].map(({ networks }) => networks.map((each) => each.digest).join(' '));
  const networks = [a.networks, b.networks] as unknown as Json;
  if (digests[0] === digests[1]) return { digest: digests[0] as string, networks };
  throw new StepFailed('NotRepeatable', `two processes differ in ${precision}`, {
    remedy: 'compare their losses; something in the steps is not deterministic on this device',
    found: networks,
  });
};
