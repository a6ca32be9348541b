import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir } from './cache-dir.mjs';
import { ensureEntry, readStamp } from './entry.mjs';
import { tensorflowDir, versions } from './layout.mjs';
import { run } from './run.mjs';

/** Node-API version of the addon: the same binary serves every Node that has it. */
const napi = 8;
const binary = 'tfjs_binding.node';

export const packageDir = (project) => join(project, 'node_modules', '@tensorflow', 'tfjs-node-gpu');

const tfjsVersion = (project) =>
  JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')).packages[
    'node_modules/@tensorflow/tfjs-node-gpu'
  ].version;

/** Counts the changes that `copyingMemory` makes, so that caches hold the addons of both. */
const revision = 2;

/** One built addon for each TensorFlow, tfjs, Node-API and revision of our changes. */
export const addonDir = (env, project, variant) =>
  join(
    cacheDir(env),
    `addon-tfjs-${tfjsVersion(project)}-tensorflow-${variant}-${versions.tensorflow.version}-napi-${napi}-r${revision}-${process.arch}`,
  );

export const addonBuilt = (env, project, variant) => readStamp(addonDir(env, project, variant)) !== undefined;

const installedBinary = (project) => join(packageDir(project), 'lib', `napi-v${napi}`, binary);

/** Whether this clone's package has the cached addon, and finds this TensorFlow. */
export const addonInstalled = (env, project, variant) => {
  try {
    const same = readFileSync(installedBinary(project)).equals(
      readFileSync(join(addonDir(env, project, variant), binary)),
    );
    return same && readlinkSync(join(packageDir(project), 'deps')) === tensorflowDir(env, variant);
  } catch {
    return false;
  }
};

/** Node's own headers, where its installation has them: `--nodedir` then spares a download. */
export const nodeHeaders = (execPath = process.execPath) => {
  const prefix = join(dirname(execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined;
};

/**
 * The addon's source with tensors that copy the memory of their typed arrays.
 *
 * As published, a tensor shares the memory where it is aligned, and gives it back with `napi_delete_reference` in whichever of TensorFlow's
 * threads drops it last. Node-API allows that in the JavaScript thread alone: elsewhere it damages V8's heap, and the process dies now and then.
 *
 * @param source of `binding/tfjs_backend.cc` @throws Error where the source is not the one that is known
 */
export const copyingMemory = (source) => {
  const replace = (text, from, to) => {
    if (text.split(from).length !== 2) throw new Error(`the addon's source does not hold once: ${from}`);
    return text.replace(from, () => to);
  };
  const cut = (text, from, to) => replace(text, text.slice(text.indexOf(from), text.indexOf(to)), '');
  const plain = cut(
    source,
    '  // Sharing V8 memory with',
    '  // Currently, int64-type Tensors are represented as Int32Arrays.\n  // So the logic',
  );
  const copied = replace(
    plain,
    `TF_NewTensor(dtype, shape, shape_length, array_data,
                                    byte_size, DeallocTensor, auto_ref));`,
    `TF_AllocateTensor(dtype, shape, shape_length, byte_size));
  memcpy(TF_TensorData(tensor.tensor), array_data, byte_size);`,
  );
  const released = replace(
    copied,
    '    delete auto_ref;\n    TFE_DeleteTensorHandle(tfe_tensor_handle);',
    '    TFE_DeleteTensorHandle(tfe_tensor_handle);',
  );
  return cut(
    released,
    '// Callback to cleanup extra reference count',
    '// Creates a TFE_TensorHandle from a JS typed array.',
  );
};

/** Compiles the addon, in a copy of the package so that nobody sees it half built. */
export const buildAddon = (env, project, variant, log) =>
  ensureEntry(addonDir(env, project, variant), async (dir) => {
    const source = join(dir, 'source');
    for (const part of ['binding', 'binding.gyp', 'package.json'])
      cpSync(join(packageDir(project), part), join(source, part), { recursive: true });
    const backend = join(source, 'binding', 'tfjs_backend.cc');
    writeFileSync(backend, copyingMemory(readFileSync(backend, 'utf8')));
    symlinkSync(tensorflowDir(env, variant), join(source, 'deps'));
    const headers = nodeHeaders();
    // node-gyp takes its options from npm's variables as well; a `nodedir` of the user's would win over none.
    await run(
      process.execPath,
      [
        join(project, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
        ...['configure', 'build', ...(headers ? [`--nodedir=${headers}`] : [])],
        ...['--module_name=tfjs_binding', `--module_path=${dir}`, `--napi_build_version=${napi}`],
      ],
      { cwd: source, log },
    );
    rmSync(source, { recursive: true });
    return { files: [binary], facts: { variant, tensorflow: versions.tensorflow.version } };
  });

/** Puts the built addon into this clone's package; a process that has the old one loaded keeps it. */
export const installAddon = async (env, project, variant, log, tell = () => {}) => {
  const deps = join(packageDir(project), 'deps');
  const target = installedBinary(project);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(addonDir(env, project, variant), binary), `${target}.new`);
  renameSync(`${target}.new`, target);
  if (existsSync(deps) && !lstatSync(deps).isSymbolicLink()) rmSync(deps, { recursive: true });
  rmSync(`${deps}.new`, { force: true });
  symlinkSync(tensorflowDir(env, variant), `${deps}.new`);
  renameSync(`${deps}.new`, deps);
  const device = await tryAddon(env, project, log);
  if (variant === 'gpu')
    tell(
      device === 'gpu'
        ? 'it computes on the GPU'
        : 'it finds no GPU that it can use and computes on the CPU; see nvidia-smi',
    );
};

/** Loads TensorFlow in a separate process and lets it add two numbers. @returns `gpu` or `cpu`, where it did so */
const tryAddon = async (env, project, log) => {
  // As nn/node-util.ts does for everything else: Node 23 removed a function that the package calls.
  const script = `require('util').isNullOrUndefined = (value) => value == null;
    const tf = require('@tensorflow/tfjs-node-gpu');
    const sum = tf.add([1, 2], [3, 4]).dataSync();
    if (sum[0] !== 4 || sum[1] !== 6) throw new Error('1 + 3 gave ' + sum[0]);
    console.log('device: ' + (tf.backend().isUsingGpuDevice ? 'gpu' : 'cpu'));`;
  const quiet = { ...env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const output = await run(process.execPath, ['-e', script], { cwd: project, log, env: quiet });
  return /device: (\w+)/.exec(output)?.[1];
};
