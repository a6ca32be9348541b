import type { JsonObject } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import { pythonConstructors } from './constructors.ts';
import { Cursor } from './cursor.ts';
import { Machine } from './machine.ts';
import { decodeText, opcodes, type Step, stopCode } from './opcodes.ts';
import type { Construction, Constructors } from './values.ts';

export interface PickleOptions {
  /** For messages. */
  readonly file: string;
  /** For messages; default `pickle`. */
  readonly format?: string;
  readonly remedy?: string;
  /** Byte of the file at which `bytes` starts; default 0. */
  readonly offset?: number;
  /** Constructors beside those of plain Python values (`bytes`, `bytearray`, sets, `OrderedDict`). */
  readonly allow?: Constructors;
  /** Other globals: refused (default), or kept as `Inert` and `PickleGlobal`, which hold names and data alone. */
  readonly unknownGlobals?: 'refuse' | 'inert';
  /** The value of a persistent id. Without it, a pickle that has one is refused. */
  readonly persistent?: (id: unknown, construction: Construction) => unknown;
  /** A `str` of Python 2: a view of its bytes (default), or text, which must be UTF-8. */
  readonly strings?: 'bytes' | 'text';
  /** Most values and memo entries, all together; default 1,000,000. */
  readonly maxItems?: number;
  /** Most open collections at a time; default 1,000. */
  readonly maxDepth?: number;
  /** Most bytes of text, all together; default 256 MiB. Protocols 0 to 2 of Python 3 write bytes as text. */
  readonly maxTextBytes?: number;
}

export interface Pickled {
  readonly value: unknown;
  /** Bytes that the pickle took. */
  readonly length: number;
}

/**
 * Reads a pickle of protocols 0 to 5 of any origin, as data: nothing is imported, looked up or called but the constructors that
 * the caller allows, and a file can name no others.
 *
 * | Python | here |
 * | --- | --- |
 * | int, float, bool, None | number (bigint from 2^53), number, boolean, null |
 * | str; bytes, bytearray, and str of Python 2 | string; Buffer, a view of `bytes` where nothing is escaped |
 * | list, tuple | array |
 * | dict, OrderedDict; set, frozenset | Map; Set |
 * | uint8 and bool arrays of numpy, with `allow: numpyConstructors` | `NumpyArray` |
 *
 * A value that the pickle refers to twice is one object here, and may contain itself: bound the depth and the count when walking.
 *
 * @throws CemiflowError `FormatInvalid`, with `data.cut` true where the bytes end too early
 */
export const readPickle = (bytes: Uint8Array, options: PickleOptions): Pickled => {
  const { file, format = 'pickle', offset = 0, remedy, persistent } = options;
  let opcodeAt = 0;
  const refuse = (message: string, data: JsonObject = {}) =>
    formatInvalid({ format, file, offset: offset + opcodeAt, message, data, ...(remedy && { remedy }) });
  const cursor = new Cursor(bytes, refuse);
  const limits = {
    maxItems: options.maxItems ?? 1_000_000,
    maxDepth: options.maxDepth ?? 1000,
    maxBytes: bytes.length,
    maxTextBytes: options.maxTextBytes ?? 2 ** 28,
  };
  const constructors = { ...pythonConstructors, ...options.allow };
  const machine = new Machine(limits, constructors, options.unknownGlobals ?? 'refuse', refuse);
  const step: Step = {
    cursor,
    machine,
    refuse,
    oldString: options.strings === 'text' ? (string) => decodeText(step, string) : (string) => string,
    persistent: (id) => {
      if (!persistent) throw refuse('the pickle refers to data outside of it');
      return persistent(id, machine);
    },
  };
  for (;;) {
    opcodeAt = cursor.at;
    const code = cursor.uint8();
    if (code === stopCode) return { value: machine.finish(), length: cursor.at };
    const opcode = opcodes.get(code);
    if (!opcode) throw refuse(`opcode 0x${code.toString(16).padStart(2, '0')} is not allowed`);
    opcode(step);
  }
};
