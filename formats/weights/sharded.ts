import type { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import type { ListedTensor, TensorFile } from './tensor-file.ts';

/** What `model.safetensors.index.json` says, as Hugging Face's tools write it, and `split`, which cemiflow adds. */
export interface ShardIndex {
  /** Names of the files beside the index, sorted. */
  readonly shards: readonly string[];
  /** For each tensor that is larger than a file: its pieces, to be joined along the first axis. */
  readonly split: { readonly [tensor: string]: readonly string[] };
}

const format = 'safetensors index';

/** @param file name of the index, for messages @throws CemiflowError `FormatInvalid` */
export const readShardIndex = (file: string, bytes: Buffer): ShardIndex => {
  const refuse = (message: string, cause?: unknown): CemiflowError =>
    formatInvalid({ format, file, offset: 0, message, cause });
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse('an index must be JSON in UTF-8', cause);
  }
  const { weight_map, split = {} } = (isMap(index) ? index : {}) as { readonly [name: string]: unknown };
  if (!isMap(weight_map)) throw refuse('an index must have weight_map, which names the file of each tensor');
  const shards = [...new Set(Object.values(weight_map))].sort();
  const bad = shards.find((shard) => typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard));
  if (bad !== undefined) {
    throw refuse(`weight_map must name safetensors files beside the index, got ${JSON.stringify(bad)?.slice(0, 200)}`);
  }
  const pieces = isMap(split) ? Object.values(split) : [undefined];
  if (!pieces.every((names) => Array.isArray(names) && names.every((name) => typeof name === 'string')))
    throw refuse('split must list the pieces of each tensor that is cut');
  return { shards: shards as string[], split: split as ShardIndex['split'] };
};

/** Several files as one, pieces of tensors joined. @throws CemiflowError `FormatInvalid` */
export const joinShards = (
  file: string,
  { split }: Pick<ShardIndex, 'split'>,
  shards: readonly TensorFile[],
): TensorFile => {
  const refuse = (message: string): CemiflowError => formatInvalid({ format, file, offset: 0, message });
  const holders = new Map<string, { readonly shard: TensorFile; readonly tensor: ListedTensor }>();
  for (const shard of shards) {
    for (const tensor of shard.tensors) {
      if (holders.has(tensor.name)) throw refuse(`${tensor.name} must be in one file alone, got two`);
      holders.set(tensor.name, { shard, tensor });
    }
  }
  const holderOf = (name: string) => {
    const found = holders.get(name);
    if (found) return found;
    throw refuse(`no file holds ${name}`);
  };
  const whole = Object.entries(split).map(([name, pieces]): ListedTensor => {
    const parts = pieces.map((piece) => holderOf(piece).tensor);
    const [first] = parts;
    const row = `${first?.shape.slice(1)}`;
    if (!first || parts.some(({ shape, dtype }) => `${shape.slice(1)}` !== row || dtype !== first.dtype))
      throw refuse(`the pieces of ${name} must agree in dtype and all axes but the first`);
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return { name, dtype: first.dtype, shape: [rows, ...first.shape.slice(1)] };
  });
  const cut = new Set(Object.values(split).flat());
  const uncut = [...holders.values()].map(({ tensor }) => tensor).filter(({ name }) => !cut.has(name));
  return {
    format: 'safetensors',
    tensors: [...uncut, ...whole],
    values: async (name) => {
      const pieces = Object.hasOwn(split, name) ? (split[name] as readonly string[]) : [name];
      const parts: Float32Array[] = [];
      for (const piece of pieces) parts.push(await holderOf(piece).shard.values(piece));
      return parts.length === 1 ? (parts[0] as Float32Array) : joined(parts);
    },
    setting: () => undefined,
  };
};

const joined = (parts: readonly Float32Array[]): Float32Array => {
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
};

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
