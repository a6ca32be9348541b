import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findCuda, linkCuda, missingCuda } from '../../../bench/gpu/cuda.ts';

const root = mkdtempSync(join(tmpdir(), 'cemiflow-cuda-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folderWith = (name: string, files: readonly string[]): string => {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
};

// What CUDA 13 brings, with cuDNN 9 and the runtime of CUDA 12.
const runtime = folderWith('runtime', ['libcudart.so.12', 'libcuda.so.1']);
const toolkit = folderWith('toolkit', [
  ...[
    'libcudart.so.13',
    'libcublas.so',
    'libcublas.so.9',
    'libcublas.so.13',
    'libcublas.so.13.1.0.3',
    'libcublasLt.so.13',
    'libcufft.so.12',
  ],
  ...['libcusolver.so.11', 'libcusolver.so.12', 'libcusparse.so.12', 'libcusparse_static.a', 'libcurand.so.10'],
]);
const cudnn = folderWith('cudnn', ['libcudnn.so.9', 'libcudnn_ops.so.9']);

it('takes the version that is asked for, or else the newest, of the library of that very name', () => {
  const found = Object.fromEntries(findCuda([runtime, '/none', toolkit, cudnn]).map((each) => [each.name, each]));
  expect(found['libcudart.so.12']).toEqual({
    name: 'libcudart.so.12',
    file: join(runtime, 'libcudart.so.12'),
    otherVersion: false,
  });
  expect(found['libcublas.so.12']).toMatchObject({ file: join(toolkit, 'libcublas.so.13'), otherVersion: true });
  expect(found['libcublasLt.so.12']).toMatchObject({ file: join(toolkit, 'libcublasLt.so.13'), otherVersion: true });
  expect(found['libcusolver.so.11']).toMatchObject({ file: join(toolkit, 'libcusolver.so.11'), otherVersion: false });
  expect(found['libcudnn.so.9']).toMatchObject({ file: join(cudnn, 'libcudnn.so.9') });
  expect(missingCuda(Object.values(found))).toEqual([]);
});

it('names what is missing and needed; the runtime of another version does not serve', () => {
  expect(missingCuda(findCuda([toolkit]))).toEqual(['libcuda.so.1', 'libcudart.so.12', 'libcudnn.so.9']);
});

it('links under the names that are asked for, and searches the links first', () => {
  const links = join(root, 'links');
  const path = linkCuda(findCuda([runtime, toolkit]), links, '/before:/before');
  expect(readlinkSync(join(links, 'libcufft.so.11'))).toBe(join(toolkit, 'libcufft.so.12'));
  expect(path.split(':')).toEqual([links, runtime, toolkit, '/before']);
});
