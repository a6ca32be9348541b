import { type Construction, type Constructor, type Constructors, PickleGlobal, Stateful } from './values.ts';

/** Bytes as protocols 0 to 2 of Python 3 write them: `_codecs.encode(text, 'latin1')`. */
const encode: Constructor = ([text, encoding], construction) => {
  if (typeof text !== 'string' || !/^latin-?1$/.test(String(encoding ?? ''))) {
    throw construction.refuse('_codecs.encode must be called with text and latin1');
  }
  construction.countBytes(text.length);
  const bytes = Buffer.allocUnsafe(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw construction.refuse('bytes must be given as Latin-1 text');
    bytes[i] = code;
  }
  return bytes;
};

/** `bytes()` and `bytearray(…)`, empty or of bytes or of Latin-1 text. */
const bytes: Constructor = (args, construction) => {
  if (args.length === 0) return Buffer.alloc(0);
  if (args.length === 1 && Buffer.isBuffer(args[0])) return args[0];
  return encode(args, construction);
};

const collection = (value: unknown, construction: Construction): readonly unknown[] => {
  if (!Array.isArray(value)) throw construction.refuse('a list is needed');
  construction.countItems(value.length);
  return value;
};

const set: Constructor = ([items = []], construction) => new Set(collection(items, construction));

const orderedDict: Constructor = ([pairs = []], construction) => {
  const entries = collection(pairs, construction);
  if (!entries.every((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2)) {
    throw construction.refuse('OrderedDict must be given pairs');
  }
  return new Map(entries);
};

/** Plain values of Python, as all protocols write them. */
export const pythonConstructors: Constructors = {
  '_codecs encode': encode,
  'builtins bytes': bytes,
  '__builtin__ bytes': bytes,
  'builtins bytearray': bytes,
  '__builtin__ bytearray': bytes,
  'builtins set': set,
  '__builtin__ set': set,
  'builtins frozenset': set,
  '__builtin__ frozenset': set,
  'collections OrderedDict': orderedDict,
};

class NumpyDtype extends Stateful {
  readonly type: 'u1' | 'b1';

  constructor(type: 'u1' | 'b1') {
    super();
    this.type = type;
  }

  /** Version, byte order and fields: they say nothing where an item is one byte. */
  override setState(): void {}
}

/** A numpy array of one axis, of uint8 or bool. */
export class NumpyArray extends Stateful {
  type: 'u1' | 'b1' = 'u1';
  /** One byte for each item. */
  data: Uint8Array = new Uint8Array();

  override setState(state: unknown, construction: Construction): void {
    const [, shape, dtype, , data] = Array.isArray(state) && state.length === 5 ? state : [];
    this.set(data, dtype, shape, construction);
  }

  set(data: unknown, dtype: unknown, shape: unknown, construction: Construction): this {
    if (!(dtype instanceof NumpyDtype) || !Buffer.isBuffer(data)) {
      throw construction.refuse('a numpy array must be uint8 or bool');
    }
    if (!Array.isArray(shape) || shape.length !== 1 || shape[0] !== data.length) {
      throw construction.refuse('a numpy array must have one axis, as long as its bytes');
    }
    this.type = dtype.type;
    this.data = data;
    return this;
  }
}

const dtype: Constructor = ([type], construction) => {
  const name = Buffer.isBuffer(type) ? type.toString('latin1', 0, 8) : type;
  if (name === 'u1' || name === 'b1') return new NumpyDtype(name);
  throw construction.refuse('a numpy array must be uint8 or bool');
};

const reconstruct: Constructor = ([type], construction) => {
  if (type instanceof PickleGlobal && type.name === 'numpy ndarray') return new NumpyArray();
  throw construction.refuse('subclasses of numpy.ndarray are not read');
};

const scalar: Constructor = ([type, data], construction) => {
  if (!(type instanceof NumpyDtype) || !Buffer.isBuffer(data) || data.length !== 1) {
    throw construction.refuse('a numpy scalar must be uint8 or bool');
  }
  return type.type === 'b1' ? data[0] !== 0 : data[0];
};

const fromBuffer: Constructor = ([data, type, shape], construction) =>
  new NumpyArray().set(data, type, shape, construction);

const never: Constructor = (_, construction) => {
  throw construction.refuse('numpy.ndarray must be made by _reconstruct');
};

/** Arrays of one axis and scalars, uint8 or bool, as numpy 1 and 2 write them. */
export const numpyConstructors: Constructors = {
  'numpy dtype': dtype,
  'numpy ndarray': never,
  'numpy.core.multiarray _reconstruct': reconstruct,
  'numpy._core.multiarray _reconstruct': reconstruct,
  'numpy.core.multiarray scalar': scalar,
  'numpy._core.multiarray scalar': scalar,
  'numpy.core.numeric _frombuffer': fromBuffer,
  'numpy._core.numeric _frombuffer': fromBuffer,
};
