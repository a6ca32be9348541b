import type { CemiflowError } from '../../core/errors.ts';

/** Digits of an integer in text, and bytes of one in binary: larger ones take quadratic time. */
const maxIntegerDigits = 1000;
const maxIntegerBytes = 2048;

const newline = 0x0a;

/** Reads arguments of opcodes from the bytes of a pickle. All results are views. */
export class Cursor {
  at = 0;
  readonly #bytes: Buffer;
  readonly #refuse: (message: string, data?: { cut: true }) => CemiflowError;

  constructor(bytes: Uint8Array, refuse: (message: string, data?: { cut: true }) => CemiflowError) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#refuse = refuse;
  }

  get length(): number {
    return this.#bytes.length;
  }

  take(length: number): Buffer {
    const left = this.#bytes.length - this.at;
    if (length > left) throw this.#refuse(`${length} bytes are needed, but ${left} are left`, { cut: true });
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  uint8 = (): number => this.take(1)[0] as number;
  uint16 = (): number => this.take(2).readUInt16LE();
  uint32 = (): number => this.take(4).readUInt32LE();
  int32 = (): number => this.take(4).readInt32LE();
  double = (): number => this.take(8).readDoubleBE();

  /** A length of 8 bytes. One beyond the file is refused by what reads that many bytes. */
  uint64 = (): number => Number(this.take(8).readBigUInt64LE());

  /** The bytes up to the next line feed, which is skipped. */
  line(maxBytes = Number.POSITIVE_INFINITY): Buffer {
    const end = this.#bytes.subarray(0, Math.min(this.#bytes.length, this.at + maxBytes + 1)).indexOf(newline, this.at);
    if (end < 0) {
      if (this.#bytes.length - this.at > maxBytes) throw this.#refuse(`a line must be at most ${maxBytes} bytes`);
      throw this.#refuse('a line does not end', { cut: true });
    }
    const line = this.#bytes.subarray(this.at, end);
    this.at = end + 1;
    return line;
  }

  /** A whole number in decimal digits on a line: `42`, or Python 2's `42L`. */
  decimal(): number | bigint {
    const text = this.line(maxIntegerDigits).toString('latin1').replace(/L$/, '');
    if (!/^[+-]?\d+$/.test(text)) throw this.#refuse('a whole number is needed');
    return narrow(BigInt(text.replace(/^\+/, '')));
  }

  /** A two's complement number, little-endian, of `length` bytes. */
  long(length: number): number | bigint {
    if (length < 0 || length > maxIntegerBytes)
      throw this.#refuse(`an integer must be at most ${maxIntegerBytes} bytes`);
    const bytes = this.take(length);
    if (length === 0) return 0;
    const hex = Buffer.from(bytes).reverse().toString('hex');
    return narrow(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)));
  }

  /** Python's `repr` of a float on a line. */
  float(): number {
    const text = this.line(64).toString('latin1');
    if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    if (text === 'nan') return Number.NaN;
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw this.#refuse('a number is needed');
    return Number(text);
  }
}

const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
