import type { Refuse } from './source.ts';

/**
 * Goes through MessagePack values from front to back: the arrays, byte strings and whole numbers that lists and image sets
 * consist of. Nothing is built, so a value of any shape costs no memory.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MsgpackCursor {
  readonly #bytes: Buffer;
  readonly #refuse: (message: string, at: number) => Error;
  #at = 0;

  /** @param refuse makes the error; it gets the byte within `bytes` */
  constructor(bytes: Buffer, refuse: Refuse) {
    this.#bytes = bytes;
    this.#refuse = refuse;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Length of the array that starts here; its elements follow. */
  array(): number {
    const start = this.#at;
    const type = this.#take(1);
    if (type >> 4 === 0x9) return type & 0xf;
    if (type === 0xdc || type === 0xdd) return this.#take(type === 0xdc ? 2 : 4);
    throw this.#refuse(`there must be an array, got type ${hex(type)}`, start);
  }

  /** Where the byte string here lies. Text counts as bytes: writers before MessagePack 2.0 had one type for both. */
  span(): { readonly start: number; readonly length: number } {
    const at = this.#at;
    const type = this.#take(1);
    const wide = widths[type];
    if (wide === undefined && type >> 5 !== 0b101) {
      throw this.#refuse(`there must be a byte string, got type ${hex(type)}`, at);
    }
    const length = wide === undefined ? type & 0x1f : this.#take(wide);
    const start = this.#at;
    if (start + length > this.#bytes.length) throw this.#refuse(`${length} bytes must follow`, at);
    this.#at += length;
    return { start, length };
  }

  /** A whole number from 0 to 2^53 - 1. */
  natural(): number {
    const at = this.#at;
    const type = this.#take(1);
    if (type < 0x80) return type;
    if (type >= 0xcc && type <= 0xce) return this.#take(2 ** (type - 0xcc));
    const value = type === 0xcf ? this.#take(4) * 2 ** 32 + this.#take(4) : -1;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#refuse(`there must be a whole number from 0, got type ${hex(type)}`, at);
  }

  #take(width: number): number {
    const at = this.#at;
    if (at + width > this.#bytes.length) throw this.#refuse('the value is cut off', at);
    this.#at += width;
    return this.#bytes.readUIntBE(at, width);
  }
}

/** Bytes of the length, by type: bin 8, 16, 32 and str 8, 16, 32. */
const widths: { readonly [type: number]: number } = { 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4 };

const hex = (type: number): string => `0x${type.toString(16).padStart(2, '0')}`;

/** The head of an array of `length` elements, which are written behind it. */
export const encodeArray = (length: number): Buffer => {
  if (length < 16) return Buffer.from([0x90 | length]);
  return length < 2 ** 16 ? sized(0xdc, length, 2) : sized(0xdd, length, 4);
};

/** The head of a byte string of `length` bytes. */
export const encodeBinary = (length: number): Buffer => {
  if (length < 2 ** 8) return sized(0xc4, length, 1);
  return length < 2 ** 16 ? sized(0xc5, length, 2) : sized(0xc6, length, 4);
};

/** @param value from 0 to 2^32 - 1 */
export const encodeNatural = (value: number): Buffer => {
  if (value < 0x80) return Buffer.from([value]);
  if (value < 2 ** 8) return sized(0xcc, value, 1);
  return value < 2 ** 16 ? sized(0xcd, value, 2) : sized(0xce, value, 4);
};

const sized = (type: number, value: number, width: number): Buffer => {
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = type;
  bytes.writeUIntBE(value, 1, width);
  return bytes;
};
