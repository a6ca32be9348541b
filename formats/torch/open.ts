import { formatInvalid } from '../invalid.ts';
import type { RandomAccess, Refuse } from '../source.ts';
import { gather, isContiguous, type TorchArray, toArray } from './array.ts';
import type { Container } from './container.ts';
import { legacyStart, openLegacy } from './legacy.ts';
import { flatten, stateKeyOf } from './state.ts';
import type { TensorRef, TorchDtype } from './tensor.ts';
import { openZipped } from './zipped.ts';

/** A tensor of a checkpoint. Its bytes are read when they are asked for. */
export interface TorchTensor {
  readonly dtype: TorchDtype;
  /** PyTorch's axes: a convolution is [out, in, height, width], a linear layer [out, in]. */
  readonly shape: readonly number[];
  /** Equal for tensors that share memory, such as tied weights. */
  readonly storage: string;
  /**
   * All items, row-major, in new memory: float32 for float32, float16 and bfloat16 (both widen exactly), uint8 0 and 1 for bool,
   * else the array of the dtype.
   *
   * @throws CemiflowError `FormatInvalid`
   */
  read(): Promise<TorchArray>;
}

export interface TorchFile {
  /** The weights by name, such as `layer1.0.conv1.weight`, in the order of the file. Prefixes are kept. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Key of the dict that held the weights, such as `state_dict`; undefined where they are the whole file. */
  readonly stateKey: string | undefined;
  /** The pickled object as data (see `readPickle`): epochs, hyperparameters. It may be cyclic, and holds what a stranger wrote. */
  readonly root: unknown;
}

export interface TorchOptions {
  /** Key of the dict to take the weights from, such as `ema`; default: found, see `openTorch`. */
  readonly stateKey?: string;
}

/**
 * Opens a PyTorch checkpoint of any origin (`.pth`, `.pt`, `.ckpt`), zip or legacy, without running anything in it. Weights are
 * the root where it has tensors itself, else the first of `state_dict`, `model`, `model_state_dict` and `state_dict_backbone`
 * that is there, else all tensors; names of nested dicts are joined by dots.
 *
 * @throws CemiflowError `FormatInvalid` for other files, for tensors beyond their storage, for dtypes that are not read, and where
 * the file holds no tensors, such as whole models
 */
export const openTorch = async (file: RandomAccess, options: TorchOptions = {}): Promise<TorchFile> => {
  const refuse: Refuse = (message, offset) =>
    formatInvalid({
      format: 'PyTorch checkpoint',
      file: file.path,
      offset,
      message,
      remedy: 'save it again with PyTorch 1.6 or later: torch.save(model.state_dict(), path)',
    });
  const container = await openContainer(file, refuse);
  const stateKey = options.stateKey ?? stateKeyOf(container.root);
  const state =
    stateKey === undefined ? container.root : container.root instanceof Map ? container.root.get(stateKey) : undefined;
  const found = flatten(state, (message) => refuse(message, 0));
  if (found.size === 0) {
    throw refuse(`there are no tensors${stateKey === undefined ? '' : ` under ${JSON.stringify(stateKey)}`}`, 0);
  }
  const tensors = new Map<string, TorchTensor>();
  for (const [name, ref] of found) tensors.set(name, toTensor(name, ref, container, refuse));
  return { tensors, stateKey, root: container.root };
};

const openContainer = async (file: RandomAccess, refuse: Refuse): Promise<Container> => {
  const start = await file.read(0, Math.min(file.bytes, 512));
  if (start.toString('latin1', 0, 2) === 'PK') return openZipped(file, refuse);
  if (start.subarray(0, legacyStart.length).equals(legacyStart)) return openLegacy(file, refuse);
  if (start.toString('latin1', 257, 262) === 'ustar')
    throw refuse('the tar form of PyTorch before 0.1.10 is not read', 0);
  throw refuse('a checkpoint must start as a zip, or with the magic number of PyTorch', 0);
};

/** Most bytes of one tensor, and of its storage. */
const maxTensorBytes = 2 ** 31;

const toTensor = (name: string, ref: TensorRef, container: Container, refuse: Refuse): TorchTensor => {
  const { storage, shape, offset, strides, items } = ref;
  const shown = JSON.stringify(name);
  const place = container.find(storage);
  if (!place) throw refuse(`the storage of ${shown} is missing`, 0);
  const { item } = storage;
  if (!item) throw refuse(`${shown} has items of ${storage.type}, which are not read`, place.offset);
  const bytes = storage.items * item.bytes;
  if (place.bytes !== bytes)
    throw refuse(`the storage of ${shown} must be ${bytes} bytes, got ${place.bytes}`, place.offset);
  if (bytes > maxTensorBytes) throw refuse(`${shown} must be at most ${maxTensorBytes} bytes`, place.offset);
  const span = items === 0 ? 0 : 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 0);
  return {
    dtype: item.dtype,
    shape,
    storage: storage.key,
    read: async () => {
      if (items === 0) return toArray(item.dtype, new Uint8Array());
      const stored = await container.read(storage, offset * item.bytes, span * item.bytes);
      return toArray(item.dtype, isContiguous(ref) ? stored : gather(ref, stored, item.bytes));
    },
  };
};
