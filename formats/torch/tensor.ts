import { type Construction, type Constructors, PickleGlobal } from '../pickle/index.ts';

/** Storage classes of PyTorch, and what their items are here. */
const dtypes = {
  Float: { dtype: 'float32', bytes: 4 },
  Double: { dtype: 'float64', bytes: 8 },
  Half: { dtype: 'float16', bytes: 2 },
  BFloat16: { dtype: 'bfloat16', bytes: 2 },
  Long: { dtype: 'int64', bytes: 8 },
  Int: { dtype: 'int32', bytes: 4 },
  Short: { dtype: 'int16', bytes: 2 },
  Char: { dtype: 'int8', bytes: 1 },
  Byte: { dtype: 'uint8', bytes: 1 },
  Bool: { dtype: 'bool', bytes: 1 },
} as const;

export type TorchDtype = (typeof dtypes)[keyof typeof dtypes]['dtype'];

/** Bytes that a pickle refers to: they lie elsewhere in the checkpoint. */
export class StorageRef {
  readonly key: string;
  /** PyTorch's class, such as `FloatStorage`. */
  readonly type: string;
  readonly items: number;

  constructor(key: string, type: string, items: number) {
    this.key = key;
    this.type = type;
    this.items = items;
  }

  /** What its items are; undefined for classes that are not read, such as complex and quantized ones. */
  get item(): { readonly dtype: TorchDtype; readonly bytes: number } | undefined {
    const name = this.type.replace(/Storage$/, '');
    return Object.hasOwn(dtypes, name) ? dtypes[name as keyof typeof dtypes] : undefined;
  }
}

/** A tensor as its pickle describes it: a view of a storage, in items. Checked: it lies within the storage. */
export class TensorRef {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Product of the shape. */
  readonly items: number;

  constructor(
    storage: StorageRef,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
    items: number,
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    this.items = items;
  }
}

/** Most axes of a tensor; PyTorch's own limit. */
const maxAxes = 64;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.length <= maxAxes && values.every(isCount);

/** `_rebuild_tensor_v2(storage, offset, shape, strides, …)`. */
const tensor = (args: readonly unknown[], construction: Construction): TensorRef => {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof StorageRef) || !isCount(offset) || !areCounts(shape) || !areCounts(strides)) {
    throw construction.refuse('a tensor must have a storage, an offset, a shape and strides');
  }
  if (shape.length !== strides.length) throw construction.refuse('a tensor must have a stride for each axis');
  construction.countItems(shape.length);
  const items = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const last = items === 0 ? -1 : shape.reduce((at, size, axis) => at + (size - 1) * (strides[axis] as number), offset);
  if (!(last < storage.items)) {
    throw construction.refuse(`a tensor of shape [${shape}] reaches beyond its storage of ${storage.items} items`);
  }
  if (items > storage.items) {
    throw construction.refuse(
      `a tensor of shape [${shape}] repeats the ${storage.items} items of its storage: save tensor.clone() in place of an expanded one`,
    );
  }
  return new TensorRef(storage, offset, [...shape], [...strides], items);
};

const parameter = ([data]: readonly unknown[], construction: Construction): TensorRef => {
  if (data instanceof TensorRef) return data;
  throw construction.refuse('a parameter must hold a tensor');
};

/** What a pickle of PyTorch may make. Everything else stays inert. */
export const torchConstructors: Constructors = {
  'torch._utils _rebuild_tensor': tensor,
  'torch._utils _rebuild_tensor_v2': tensor,
  'torch._utils _rebuild_parameter': parameter,
  'torch._utils _rebuild_parameter_with_state': parameter,
  'torch Size': ([sizes = []], construction) => {
    if (areCounts(sizes)) return sizes;
    throw construction.refuse('torch.Size must hold whole numbers');
  },
};

/** The value of a persistent id: `('storage', class, key, device, items)`; the legacy form adds a view, which is None. */
export const storageOf = (id: unknown, construction: Construction): StorageRef => {
  const [kind, type, key, , items, view = null] = Array.isArray(id) ? id : [];
  const name = type instanceof PickleGlobal ? /^torch(?:\.\w+)* (\w{1,40}Storage)$/.exec(type.name)?.[1] : undefined;
  const isKey = typeof key === 'string' && /^[\w.-]{1,64}$/.test(key);
  if (kind !== 'storage' || name === undefined || !isKey || !isCount(items)) {
    throw construction.refuse('only storages of tensors may lie outside of the pickle');
  }
  if (view !== null) throw construction.refuse('views of storages, which PyTorch wrote before 0.4, are not read');
  return new StorageRef(key, name, items);
};
