import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** What TensorFlow 2.21 opens by name when it looks for a GPU. It uses none where one of these is missing; the first is the driver's. */
const needed = [
  ...['libcuda.so.1', 'libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcudnn.so.9', 'libcufft.so.11'],
  ...['libcusolver.so.11', 'libcusparse.so.12'],
];
/** What it opens later, and only for some work. */
const optional = ['libcurand.so.10', 'libcupti.so.12', 'libnccl.so.2'];

/** Of the others, the newest version that is there serves under the older name too. */
const exact = /^lib(cuda|cudart|cudnn|nccl)\./;

export interface CudaLibrary {
  /** As TensorFlow asks for it. */
  readonly name: string;
  /** The file that it gets; absent where there is none. */
  readonly file?: string;
  /** Whether the file is of another version, so that it may lack a function or differ in one. */
  readonly otherVersion: boolean;
}

/**
 * Finds each library in the folders: by its very name, or else the newest of another version.
 *
 * @param folders in the order of preference
 */
export const findCuda = (folders: readonly string[]): CudaLibrary[] => {
  const files = folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return [...needed, ...optional].map((name) => {
    const same = files.find((file) => file.endsWith(`/${name}`));
    if (same !== undefined || exact.test(name)) return { name, file: same, otherVersion: false };
    const stem = `/${name.replace(/\d+$/, '')}`;
    const others = files.filter(
      (file) => /^\d+$/.test(file.slice(file.lastIndexOf(stem) + stem.length)) && file.includes(stem),
    );
    const newest = others.sort((a, b) => versionOf(a) - versionOf(b)).at(-1);
    return { name, file: newest, otherVersion: newest !== undefined };
  });
};

const versionOf = (file: string): number => Number(file.slice(file.lastIndexOf('.') + 1));

/** Puts links with the names that are asked for into an empty folder. @returns the value for LD_LIBRARY_PATH */
export const linkCuda = (found: readonly CudaLibrary[], folder: string, before = ''): string => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = found.flatMap(({ file }) => file ?? []);
  for (const { name, file } of found) if (file !== undefined) symlinkSync(file, join(folder, name));
  // The libraries need each other, by their own names.
  return [...new Set([folder, ...files.map((file) => dirname(file)), ...before.split(delimiter)])]
    .filter(Boolean)
    .join(delimiter);
};

/** Where CUDA libraries usually lie: in the wheels that PyTorch brings, a toolkit's folder, and what the loader knows. */
export const usualFolders = (env: { readonly [name: string]: string | undefined }, python: string): string[] => [
  ...(env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean),
  ...wheelFolders(python),
  ...(existsSync('/usr/local') ? readdirSync('/usr/local') : [])
    .filter((name) => name.startsWith('cuda'))
    .flatMap((name) => [`/usr/local/${name}/lib64`, `/usr/local/${name}/extras/CUPTI/lib64`]),
  ...loaderFolders(),
  // Where containers get the driver's libraries, known to the loader or not.
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/local/nvidia/lib64'],
];

const output = (file: string, args: readonly string[]): string => {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
};

const wheelFolders = (python: string): string[] => {
  const script = `import glob, site, sys
for folder in dict.fromkeys(site.getsitepackages() + [site.getusersitepackages()] + sys.path):
    print(*glob.glob(folder + '/nvidia/*/lib') + glob.glob(folder + '/torch/lib'), sep='\\n')`;
  return output(python, ['-c', script]).split('\n').filter(Boolean);
};

const loaderFolders = (): string[] => [
  ...new Set(
    [...output('ldconfig', ['-p']).matchAll(/=> (\S*\/lib(?:cu|nccl)\S+)/g)].map(([, file = '']) => dirname(file)),
  ),
];

/** The libraries without which TensorFlow uses no GPU and which are not there, by name. */
export const missingCuda = (found: readonly CudaLibrary[]): string[] =>
  found
    .filter(({ name, file }) => file === undefined && !/^lib(curand|cupti|nccl)\./.test(name))
    .map(({ name }) => name);
