import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEntry, readStamp } from './entry.mjs';
import { tensorflowDir, versions } from './layout.mjs';
import { CommandFailed, probe, run } from './run.mjs';

/** Whether this machine has an NVIDIA GPU with its driver. */
export const hasNvidiaGpu = async () =>
  existsSync('/proc/driver/nvidia/version') || /GPU \d+/.test((await probe('nvidia-smi', ['-L'])) ?? '');

/**
 * Which TensorFlow this machine gets. `CEMIFLOW_TENSORFLOW` decides where it is set (`cpu` on a machine with a GPU spares
 * several GB); the GPU wheels exist for x86-64 alone.
 */
export const tensorflowVariant = async (env, detect = hasNvidiaGpu, arch = process.arch) => {
  const asked = env.CEMIFLOW_TENSORFLOW;
  if (asked === 'cpu' || asked === 'gpu') return asked;
  return arch === 'x64' && (await detect()) ? 'gpu' : 'cpu';
};

export const tensorflowReady = (env, variant) => readStamp(tensorflowDir(env, variant)) !== undefined;

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const plainNames = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
};

/**
 * Takes TensorFlow's C library and headers out of its wheel:
 *
 *     lib/libtensorflow_cc.so.2, lib/libtensorflow_framework.so.2, and the plain names that the linker asks for
 *     include/
 *     nvidia/<part>/lib/…   GPU only: the CUDA libraries, beside lib/ as they are beside tensorflow/ in site-packages
 *
 * The GPU wheel's libraries carry the run path `$ORIGIN/../nvidia/<part>/lib`, and NVIDIA's own find each other by
 * `$ORIGIN/../../<part>/lib`; so this layout is all that the loader needs.
 *
 * @param wants which CUDA wheels to install, by name; all but for a machine that has libraries of its own
 */
export const installTensorflow = (env, variant, log, tell = () => {}, wants = () => true) =>
  ensureEntry(tensorflowDir(env, variant), async (dir) => {
    const { version, cpu, gpu, gpuExtra } = versions.tensorflow;
    const downloads = join(dir, 'downloads');
    const wheel = await download(`${variant === 'gpu' ? gpu : cpu}==${version}`, downloads, log);
    await unpack(
      wheel,
      dir,
      [
        'tensorflow/include/=include',
        ...libraries.map((library) => `tensorflow/${library}=lib`),
        // Kept until the requirements are read.
        `tensorflow${variant === 'gpu' ? '' : '_cpu'}-${version}.dist-info/METADATA=downloads`,
      ],
      log,
    );
    rmSync(wheel);
    for (const [name, target] of Object.entries(plainNames)) symlinkSync(target, join(dir, 'lib', name));
    const wanted =
      variant === 'gpu'
        ? cudaRequirements(readFileSync(join(downloads, 'METADATA'), 'utf8'), gpuExtra, versions.cuda, wants)
        : [];
    for (const [i, requirement] of wanted.entries()) {
      tell(`CUDA library ${i + 1} of ${wanted.length}, ${requirement}`);
      const part = await download(requirement, downloads, log);
      await unpack(part, dir, ['nvidia/=nvidia'], log);
      rmSync(part);
    }
    rmSync(downloads, { recursive: true, force: true });
    const files = [
      ...libraries.map((library) => `lib/${library}`),
      'include/tensorflow/c/c_api.h',
      ...cudaLibraries(dir),
    ];
    return { files, facts: { variant, version, cuda: wanted } };
  });

/**
 * The requirements that a wheel's extra names, each with the pinned version where `versions.json` has one.
 *
 * @param metadata the wheel's METADATA: `Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"`
 * @param wants which of them, by name
 */
export const cudaRequirements = (metadata, extra, pins = versions.cuda, wants = () => true) =>
  metadata
    .split('\n')
    .map((line) => /^Requires-Dist: ([\w.-]+)\s*([^;]*); extra == ["']([\w-]+)["']\s*$/.exec(line))
    .filter((found) => found !== null && found[3] === extra && wants(found[1]))
    .map(([, name, range]) => (pins[name] ? `${name}==${pins[name]}` : `${name}${range.trim()}`));

const cudaLibraries = (dir) => {
  const nvidia = join(dir, 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia, { recursive: true })
    .map(String)
    .filter((path) => /\/lib\/[^/]+\.so(\.\d+)*$/.test(path))
    .sort()
    .map((path) => `nvidia/${path}`);
};

/** Wheels are for some Pythons only, but we want the C library in them: any of theirs will do. */
const anyPython = [
  ...['--python-version', '3.12', '--implementation', 'cp', '--abi', 'cp312', '--abi', 'none'],
  ...['2_17', '2_27', '2_28', '2_34'].flatMap((glibc) => [
    '--platform',
    `manylinux_${glibc}_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`,
  ]),
];

/** Downloads one wheel. @returns its path */
const download = async (requirement, folder, log) => {
  mkdirSync(folder, { recursive: true });
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar', 'off'];
  try {
    await run('python3', [...args, '--dest', folder, requirement], { log });
  } catch (error) {
    if (!(error instanceof CommandFailed) || !/No matching distribution/i.test(error.output)) throw error;
    await run('python3', [...args, ...anyPython, '--dest', folder, requirement], { log });
  }
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.whl')),
  );
};

const unpack = (wheel, dir, rules, log) =>
  run('python3', [join(import.meta.dirname, 'unpack.py'), wheel, dir, ...rules], { log });
