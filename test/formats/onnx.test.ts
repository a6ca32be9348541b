import { describe, expect, it } from 'vitest';
import { encodeMessage, encodeVarint, Float } from '../../formats/protobuf.ts';

const hex = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString('hex');

describe('protocol buffers', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [150, '9601'],
    [2 ** 32, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
    [-1, 'ffffffffffffffffff01'],
  ])('write %i in groups of seven bits', (value, bytes) => {
    expect(Buffer.from(encodeVarint(value)).toString('hex')).toBe(bytes);
  });

  it('write the messages of their own guide', () => {
    expect(hex(encodeMessage([[1, 150]]))).toBe('089601');
    expect(hex(encodeMessage([[2, 'testing']]))).toBe('120774657374696e67');
    expect(hex(encodeMessage([[3, [[1, 150]]]]))).toBe('1a03089601');
  });

  it('write floats, bytes, repeated fields, and field numbers over 15', () => {
    expect(hex(encodeMessage([[1, new Float(1.5)]]))).toBe('0d0000c03f');
    expect(hex(encodeMessage([[1, Uint8Array.of(255, 0)]]))).toBe('0a02ff00');
    expect(
      hex(
        encodeMessage([
          [20, 1],
          [20, 2],
        ]),
      ),
    ).toBe('a00101a00102');
  });
});
