import { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import { openFile, type RandomAccess, type Source, type SourceFile } from '../source.ts';
import { openSource } from '../sources/open.ts';
import { joinFiles } from './join.ts';
import { openSafetensors } from './safetensors.ts';
import { joinShards, readShardIndex } from './sharded.ts';
import type { TensorFile } from './tensor-file.ts';
import { openCheckpoint } from './torch.ts';

/** An index of a hundred thousand tensors. */
const maxIndexBytes = 16 * 2 ** 20;

const indexName = /\.safetensors\.index\.json$/;
const fileName = /\.(safetensors|pth|pt|ckpt|bin)$/;

export interface WeightsOptions {
  /** Whether a folder may hold parts of one network in several files, such as an encoder and a decoder. Default false. */
  readonly several?: boolean;
}

/**
 * Opens published weights for the time of `body`: a safetensors file, a file that PyTorch saved, or a folder that holds one of
 * these or a sharded safetensors set with its index. The bytes decide what a file is, not its name.
 *
 * @param path absolute, or an address in an object store
 * @throws CemiflowError `FormatInvalid`, `WeightsNotFound`, and as `openSource`
 */
export const withWeights = async <R>(
  path: string,
  body: (file: TensorFile) => Promise<R>,
  { several = false }: WeightsOptions = {},
): Promise<R> => {
  const source = await openSource(path);
  try {
    return await body(await openWeights(source, several));
  } finally {
    await source.close();
  }
};

const openWeights = async (source: Source, several: boolean): Promise<TensorFile> => {
  const [first] = source.files;
  if (first && source.isFile) return openOne(openFile(source, first));
  const direct = source.files.filter((file) => !file.path.includes('/'));
  const index = only(direct.filter((file) => indexName.test(file.path)));
  if (index) return openSharded(source, index);
  const named = direct.filter(({ path }) => fileName.test(path));
  if (several && named.length > 1) {
    const parts: TensorFile[] = [];
    for (const part of named) parts.push(await openOne(openFile(source, part)));
    return joinFiles(parts);
  }
  const file = only(named);
  if (file) return openOne(openFile(source, file));
  throw notFound(
    'the folder must hold one file of weights (safetensors, pth, pt, ckpt, bin), or several with their index',
    'name the file itself',
  );
};

/** @throws CemiflowError `WeightsNotFound` where there are several */
const only = (files: readonly SourceFile[]): SourceFile | undefined => {
  if (files.length < 2) return files[0];
  const names = files.slice(0, 10).map(({ path }) => path);
  throw notFound(`the folder holds ${names.join(', ')}`, 'name the file itself');
};

const openSharded = async (source: Source, { path: name, bytes }: SourceFile): Promise<TensorFile> => {
  if (bytes > maxIndexBytes) {
    const message = `an index must have at most ${maxIndexBytes} bytes, got ${bytes}`;
    throw formatInvalid({ format: 'safetensors index', file: name, offset: 0, message });
  }
  const index = readShardIndex(name, await source.read({ path: name, bytes }, 0, bytes));
  const files = new Map(source.files.map((file) => [file.path, file]));
  const shards: TensorFile[] = [];
  for (const shard of index.shards) {
    const file = files.get(shard);
    if (!file)
      throw notFound(`${name} names ${shard}, which is not there`, 'fetch all files of the set into one folder');
    shards.push(await openSafetensors(openFile(source, file)));
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
