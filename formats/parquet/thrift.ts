/** Fields of a struct in Thrift's compact protocol: numbers, bytes, lists and structs by their field's number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = number | boolean | Buffer | readonly ThriftValue[] | ThriftStruct;

const maxDepth = 24;

/**
 * Reads one struct, to check it before hyparquet reads it again: hyparquet takes numbers of any length and lists of any count, so
 * that a few bytes may cost minutes or gigabytes. Whole numbers over 2^53 lose their last digits.
 *
 * @param fail makes the error from a message and the byte within `bytes`
 * @returns the struct, and the byte after it
 */
export const readThrift = (
  bytes: Buffer,
  start: number,
  fail: (message: string, at: number) => Error,
): { struct: ThriftStruct; end: number } => {
  let at = start;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw fail('a Thrift struct is cut off', at);
    at++;
    return value;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const next = byte();
      value += (next & 0x7f) * 2 ** (7 * shift);
      if (next < 0x80) return value;
    }
    throw fail('a Thrift number has over 10 bytes', at);
  };
  const zigzag = (): number => {
    const value = varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw fail(`a Thrift string of ${length} bytes is cut off`, at);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const list = (depth: number): readonly ThriftValue[] => {
    const head = byte();
    const type = head & 0x0f;
    const count = head >> 4 === 15 ? varint() : head >> 4;
    if (count > bytes.length - at) throw fail(`a Thrift list of ${count} is cut off`, at);
    return Array.from({ length: count }, () => (type <= 2 ? byte() === 1 : value(type, depth)));
  };
  const value = (type: number, depth: number): ThriftValue => {
    if (type === 1 || type === 2) return type === 1;
    if (type === 3) return byte();
    if (type >= 4 && type <= 6) return zigzag();
    if (type === 7) return take(8).readDoubleLE();
    if (type === 8) return take(varint());
    if (type === 9) return list(depth + 1);
    if (type === 12) return struct(depth + 1);
    throw fail(`Thrift type ${type} has no place in a Parquet file`, at);
  };
  const struct = (depth: number): ThriftStruct => {
    if (depth > maxDepth) throw fail(`Thrift structs may be ${maxDepth} deep`, at);
    const fields = new Map<number, ThriftValue>();
    for (let field = 0; ; ) {
      const head = byte();
      if ((head & 0x0f) === 0) return fields;
      field = head >> 4 === 0 ? zigzag() : field + (head >> 4);
      if (fields.has(field)) throw fail(`Thrift field ${field} is there twice`, at);
      fields.set(field, value(head & 0x0f, depth));
    }
  };
  const found = struct(0);
  return { struct: found, end: at };
};

/** A number of a struct. */
export const numberAt = (struct: ThriftStruct | undefined, field: number): number | undefined => {
  const value = struct?.get(field);
  return typeof value === 'number' ? value : undefined;
};

/** A struct within a struct. */
export const structAt = (struct: ThriftStruct, field: number): ThriftStruct | undefined => {
  const value = struct.get(field);
  return value instanceof Map ? value : undefined;
};
