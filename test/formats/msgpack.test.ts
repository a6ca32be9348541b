import { describe, expect, it } from 'vitest';
import { encodeArray, encodeBinary, encodeNatural, MsgpackCursor } from '../../formats/msgpack.ts';

const cursor = (bytes: Buffer) =>
  new MsgpackCursor(bytes, (message, at) => new Error(`byte ${at}: ${message}`) as never);

describe('MessagePack', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [2 ** 32 - 1, 'ceffffffff'],
  ])('writes %d as its specification has it, and reads it', (value, hex) => {
    expect(encodeNatural(value).toString('hex')).toBe(hex);
    expect(cursor(Buffer.from(hex, 'hex')).natural()).toBe(value);
  });

  it('reads numbers of 64 bits up to 2^53 - 1, and no negative or broken ones', () => {
    expect(cursor(Buffer.from('cf001fffffffffffff', 'hex')).natural()).toBe(Number.MAX_SAFE_INTEGER);
    for (const hex of ['cf0020000000000000', 'ff', 'd0ff', 'cb3ff0000000000000', 'c3', 'ce01']) {
      expect(() => cursor(Buffer.from(hex, 'hex')).natural()).toThrow(/^byte [01]: /);
    }
  });

  it.each([0, 15, 16, 65_535, 65_536])('reads the head of an array of %d as it is written', (length) => {
    expect(cursor(encodeArray(length)).array()).toBe(length);
  });

  it.each([0, 255, 256, 65_535, 65_536])('reads %d bytes as they are written', (length) => {
    const head = encodeBinary(length);
    const bytes = Buffer.concat([head, Buffer.alloc(length)]);
    const read = cursor(bytes);
    expect(read.span()).toEqual({ start: head.length, length });
    expect(read.ended).toBe(true);
    if (length > 0) expect(() => cursor(bytes.subarray(0, -1)).span()).toThrow(`byte 0: ${length} bytes must follow`);
  });

  it.each(['a3', 'd903', 'da0003', 'db00000003', 'c403'])('takes text and bytes alike: %s', (head) => {
    expect(cursor(Buffer.from(`${head}616263`, 'hex')).span().length).toBe(3);
  });
});
