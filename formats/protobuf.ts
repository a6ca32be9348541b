/** A value of a field: a whole number, a 32-bit or 64-bit float, text, bytes, or a message within. */
export type Value = number | Float | Double | string | Uint8Array | Message;

/** A number that is written as a 32-bit float rather than as a whole number. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A number that is written as a 64-bit float. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Fields of a protocol buffers message, in the order in which they are written. A repeated field is there several times. */
export type Message = readonly (readonly [field: number, value: Value])[];

const [varint, fixed64, lengthDelimited, fixed32] = [0, 1, 2, 5] as const;

/** Encodes a message. @returns pieces to be written one after another: large byte strings are not copied */
export const encodeMessage = (message: Message): Uint8Array[] =>
  message.flatMap(([field, value]) => {
    if (typeof value === 'number') return [tag(field, varint), encodeVarint(value)];
    if (value instanceof Float) {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value.value);
      return [tag(field, fixed32), bytes];
    }
    if (value instanceof Double) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value.value);
      return [tag(field, fixed64), bytes];
    }
    const pieces =
      typeof value === 'string' ? [Buffer.from(value)] : value instanceof Uint8Array ? [value] : encodeMessage(value);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return [tag(field, lengthDelimited), encodeVarint(length), ...pieces];
  });

const tag = (field: number, wireType: number): Uint8Array => encodeVarint(field * 8 + wireType);

/** Seven bits a byte, the lowest first. Negative numbers take ten bytes, as those of int64 do. */
export const encodeVarint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
};
