/** Packs what `run.ts` needs on a machine that has an NVIDIA driver and no network. See `README.md`. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CemiflowError } from '../../core/errors.ts';
import { addonDir, buildAddon } from '../../setup/addon.mjs';
import { cacheDir } from '../../setup/cache-dir.mjs';
import { readStamp, writeStamp } from '../../setup/entry.mjs';
import { tensorflowDir, versions } from '../../setup/layout.mjs';
import { run } from '../../setup/run.mjs';
import { installTensorflow } from '../../setup/tensorflow.mjs';
import { note, runProgram } from '../program.ts';
import { closureOf, isDeadWeight } from './packages.ts';
import { type Part, splitFile, sumLines } from './parts.ts';

const usage =
  'node --import tsx bench/gpu/pack.ts --out FOLDER [--only code|library] [--part-mib 60] [--wheels nvidia-cudnn-cu12,…]';
const root = join(import.meta.dirname, '..', '..');

/** Of CUDA's wheels the one that is packed always: no machine with CUDA 13 has what it holds, and it is small. */
const runtimeWheel = 'nvidia-cuda-runtime-cu12';

/** What the code that runs there imports: tensors, the golden tests, and the command line's `doctor`. */
const packages = [
  ...['@tensorflow/tfjs-node-gpu', 'tsx', 'vitest', 'esbuild', 'sharp', 'yaml', 'ajv', '@noble/hashes'],
  ...['fast-xml-parser', 'minio', '@temporalio/client', '@temporalio/common'],
];

/** Needed for nothing there. */
const leftOut = /^(docs|docker|pipelines)\/|^test\/(replay|fixtures|e2e|faults|mutate)\//;

interface Places {
  readonly out: string;
  /** Unpacked, as the other machine will have it. */
  readonly stage: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** CUDA's wheels to pack, by name. */
  readonly wheels: readonly string[];
}

/** TensorFlow's two libraries without their symbol tables, CUDA's runtime, the addon, and Node. */
const stageLibrary = async ({ out, stage, env, wheels }: Places): Promise<void> => {
  const log = join(out, 'pack.log');
  note('TensorFlow with CUDA: downloading 0.6 GB unless it is there');
  await installTensorflow(env, 'gpu', log, note, (wheel) => wheels.includes(wheel));
  note('building the addon against it');
  await buildAddon(env, root, 'gpu', log);
  const there = { XDG_CACHE_HOME: join(stage, 'cache') };
  const [from, to] = [tensorflowDir(env, 'gpu'), tensorflowDir(there, 'gpu')];
  for (const folder of ['lib', 'nvidia', 'include/tensorflow/c/c_api.h'])
    cpSync(join(from, folder), join(to, folder), { recursive: true, verbatimSymlinks: true });
  for (const name of readdirSync(join(to, 'lib')).filter((each) => /\.so\.\d+$/.test(each)))
    await run('strip', [join(to, 'lib', name)], { log });
  // The digests are those of the stripped files: `cemiflow doctor` compares them with what is loaded.
  const { files, ...facts } = readStamp(from) as NonNullable<ReturnType<typeof readStamp>>;
  await writeStamp(to, Object.keys(files), facts);
  cpSync(addonDir(env, root, 'gpu'), addonDir(there, root, 'gpu'), { recursive: true });
  cpSync(realpathSync(process.execPath), join(stage, 'node'));
  chmodSync(join(stage, 'node'), 0o755);
};

const stageCode = ({ stage }: Places): void => {
  const code = join(stage, 'code');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().split('\0'))
    if (file !== '' && !leftOut.test(file) && !file.startsWith('node_modules'))
      cpSync(join(root, file), join(code, file));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  // npm has installed those of the optional ones that are for this system, which the other machine has too.
  for (const folder of closureOf(lock, packages).filter((each) => existsSync(join(root, each)))) {
    const nested = join(root, folder, 'node_modules');
    cpSync(join(root, folder), join(code, folder), {
      recursive: true,
      verbatimSymlinks: true,
      // `deps` of TensorFlow's package is a link into this machine's cache; nested packages come by themselves.
      filter: (path) => path !== nested && !isDeadWeight(path) && !path.endsWith('/tfjs-node-gpu/deps'),
    });
  }
};

/** Compresses folders of the stage into `parts/<name>.tar.xz.00`, `.01`, … */
const pack = async (
  name: string,
  members: string[],
  { out, stage, env }: Places,
  partBytes: number,
): Promise<Part[]> => {
  const file = join(out, `${name}.tar.xz`);
  note(`compressing ${members.join(', ')}`);
  // Level 1 is seven times faster than 6 and a tenth larger.
  const script = 'tar -c --owner=0 --group=0 -C "$0" -- "$@" | xz -1 -T0 > "$FILE"';
  await run('bash', ['-o', 'pipefail', '-c', script, stage, ...members], { env: { ...env, FILE: file } });
  for (const old of readdirSync(join(out, 'parts')))
    if (old.startsWith(`${name}.tar.xz.`)) rmSync(join(out, 'parts', old));
  const parts = await splitFile(file, join(out, 'parts'), partBytes);
  rmSync(file);
  writeFileSync(join(out, `${name}.sums`), sumLines(parts));
  return parts;
};

const archives = ['library', 'code'] as const;

const main = async (): Promise<number> => {
  const options = {
    out: { type: 'string' },
    only: { type: 'string' },
    wheels: { type: 'string' },
    'part-mib': { type: 'string', default: '60' },
  } as const;
  const { values } = parseArgs({ options });
  const partBytes = Number(values['part-mib']) * 2 ** 20;
  const known = archives.find((each) => each === values.only);
  if (values.out === undefined || !(partBytes >= 2 ** 20) || (values.only !== undefined && known === undefined))
    throw new CemiflowError('Usage', 'pack.ts needs --out, a part size of at least 1 MiB, and --only code or library', {
      remedy: usage,
    });
  const out = resolve(values.out);
  const stage = join(out, 'stage');
  const wheels = [runtimeWheel, ...(values.wheels?.split(',') ?? [])].sort();
  const unknown = wheels.find((wheel) => !(wheel in versions.cuda));
  if (unknown !== undefined)
    throw new CemiflowError('Usage', `versions.json pins no CUDA wheel ${unknown}`, {
      remedy: `name some of ${Object.keys(versions.cuda).join(', ')}`,
    });
  // A folder for each choice of wheels: an entry of the cache is complete or made again, and never changed.
  const env = { ...process.env, XDG_CACHE_HOME: join(out, 'cache', wheels.join('+')), CEMIFLOW_TENSORFLOW: 'gpu' };
  const places = { out, stage, env, wheels };
  mkdirSync(join(out, 'parts'), { recursive: true });
  mkdirSync(cacheDir(env), { recursive: true });
  if (known !== 'code') {
    for (const folder of ['cache', 'node']) rmSync(join(stage, folder), { recursive: true, force: true });
    await stageLibrary(places);
    tell(await pack('library', ['cache', 'node'], places, partBytes));
  }
  if (known !== 'library') {
    rmSync(join(stage, 'code'), { recursive: true, force: true });
    stageCode(places);
    tell(await pack('code', ['code'], places, partBytes));
  }
  const sums = archives.flatMap((name) =>
    readdirSync(out).includes(`${name}.sums`) ? [readFileSync(join(out, `${name}.sums`), 'utf8')] : [],
  );
  writeFileSync(join(out, 'parts', 'SHA256SUMS'), sums.join(''));
  cpSync(join(import.meta.dirname, 'start.sh'), join(out, 'parts', 'start.sh'));
  note(`carry ${join(out, 'parts')} to the other machine, then: sh start.sh`);
  return 0;
};

const tell = (parts: readonly Part[]): void => {
  for (const { name, bytes } of parts) process.stdout.write(`${name.padEnd(22)}${(bytes / 2 ** 20).toFixed(1)} MiB\n`);
};

await runProgram(main);
