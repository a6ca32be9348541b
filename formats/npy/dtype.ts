/** Items of an array, little-endian on disk. */
export const npyDtypes = {
  float32: { descr: '<f4', bytes: 4, array: Float32Array },
  int32: { descr: '<i4', bytes: 4, array: Int32Array },
  int64: { descr: '<i8', bytes: 8, array: BigInt64Array },
  uint8: { descr: '|u1', bytes: 1, array: Uint8Array },
} as const;

export type NpyDtype = keyof typeof npyDtypes;
export type NpyArray = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** First bytes of every file (numpy, NEP 1). */
export const npyMagic = Buffer.from('\x93NUMPY', 'latin1');
