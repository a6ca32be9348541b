import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import type { RandomAccess } from '../source.ts';
import { type LocalFile, openLocal } from './local.ts';
import { openSafetensors } from './safetensors.ts';
import { joinShards, readShardIndex } from './sharded.ts';
import type { TensorFile } from './tensor-file.ts';
import { openCheckpoint } from './torch.ts';

/** An index of a hundred thousand tensors. */
const maxIndexBytes = 16 * 2 ** 20;

const indexName = /\.safetensors\.index\.json$/;
const fileName = /\.(safetensors|pth|pt|ckpt|bin)$/;

/**
 * Opens published weights for the time of `body`: a safetensors file, a file that PyTorch saved, or a folder that holds one of
 * these or a sharded safetensors set with its index. The bytes decide what a file is, not its name.
 *
 * @param path absolute
 * @throws CemiflowError `FormatInvalid`, `WeightsNotFound`
 */
export const withWeights = async <R>(path: string, body: (file: TensorFile) => Promise<R>): Promise<R> => {
  const open: LocalFile[] = [];
  const access = async (each: string): Promise<RandomAccess> => {
    const file = await openLocal(each);
    open.push(file);
    return file;
  };
  try {
    return await body(await openAny(path, access));
  } finally {
    await Promise.all(open.map((file) => file.close()));
  }
};

type Access = (path: string) => Promise<RandomAccess>;

const openAny = async (path: string, access: Access): Promise<TensorFile> => {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() && !found?.isDirectory())
    throw notFound(`there is no file or folder ${basename(path)}`, 'correct the path');
  if (found.isFile()) return openOne(await access(path));
  const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  const index = only(names.filter((name) => indexName.test(name)));
  if (index !== undefined) return openSharded(path, index, access);
  const file = only(names.filter((name) => fileName.test(name)));
  if (file !== undefined) return openOne(await access(join(path, file)));
  throw notFound(
    `${basename(path)} must hold one file of weights (safetensors, pth, pt, ckpt, bin), or several with their index`,
    'name the file itself',
  );
};

/** @throws CemiflowError `WeightsNotFound` where there are several */
const only = (names: readonly string[]): string | undefined => {
  if (names.length < 2) return names[0];
  throw notFound(`the folder holds ${names.slice(0, 10).join(', ')}`, 'name the file itself');
};

const openSharded = async (folder: string, name: string, access: Access): Promise<TensorFile> => {
  const file = await access(join(folder, name));
  if (file.bytes > maxIndexBytes) {
    const message = `an index must have at most ${maxIndexBytes} bytes, got ${file.bytes}`;
    throw formatInvalid({ format: 'safetensors index', file: name, offset: 0, message });
  }
  const index = readShardIndex(name, await file.read(0, file.bytes));
  const shards: TensorFile[] = [];
  for (const shard of index.shards) {
    const path = join(folder, shard);
    if (!(await stat(path).catch(() => undefined))?.isFile())
      throw notFound(`${name} names ${shard}, which is not there`, 'fetch all files of the set into one folder');
    shards.push(await openSafetensors(await access(path)));
  }
  return joinShards(name, index, shards);
};

const openOne = async (file: RandomAccess): Promise<TensorFile> => {
  const first = await file.read(0, Math.min(9, file.bytes));
  // The header, which is JSON, begins behind its length.
  if (first.length === 9 && first[8] === 0x7b) return openSafetensors(file);
  // A zip, or a pickle of protocol 2 and later.
  if (first.toString('latin1', 0, 2) === 'PK' || first[0] === 0x80) return openCheckpoint(file);
  throw formatInvalid({
    format: 'weights',
    file: file.path,
    offset: 0,
    message: indexName.test(file.path)
      ? 'an index alone holds no weights'
      : 'a file of weights must be safetensors, or written by torch.save',
    remedy: indexName.test(file.path) ? 'name the folder that holds the index and its files' : undefined,
  });
};

const notFound = (message: string, remedy: string): CemiflowError =>
  new CemiflowError('WeightsNotFound', message, { remedy });
