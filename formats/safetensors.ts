import { CemiflowError, type JsonObject } from '../core/errors.ts';

/** @see https://github.com/huggingface/safetensors, section "Format" */
const dtypes = {
  F64: { bytes: 8, array: Float64Array },
  I64: { bytes: 8, array: BigInt64Array },
  F32: { bytes: 4, array: Float32Array },
  I32: { bytes: 4, array: Int32Array },
  U8: { bytes: 1, array: Uint8Array },
} as const;

export type SafeDtype = keyof typeof dtypes;
export type SafeArray = Float64Array | BigInt64Array | Float32Array | Int32Array | Uint8Array;

export interface SafeTensor {
  readonly dtype: SafeDtype;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: SafeArray;
}

export type SafeTensors = { readonly [name: string]: SafeTensor };

const maxHeaderBytes = 100_000_000;
const metadataKey = '__metadata__';

/**
 * Bytes of a safetensors file. Wider dtypes come first, then names by code unit, so that equal tensors give equal bytes
 * and each tensor is aligned. Bit patterns of NaNs are kept.
 */
export const encodeSafetensors = (tensors: SafeTensors, metadata: { readonly [key: string]: string } = {}): Buffer => {
  const names = Object.keys(tensors).sort((a, b) => {
    const width = dtypes[(tensors[b] as SafeTensor).dtype].bytes - dtypes[(tensors[a] as SafeTensor).dtype].bytes;
    return width || compare(dtypeOf(tensors, a), dtypeOf(tensors, b)) || compare(a, b);
  });
  const header: string[] = [];
  if (Object.keys(metadata).length > 0) {
    const entries = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
    header.push(`"${metadataKey}":${JSON.stringify(Object.fromEntries(entries))}`);
  }
  const parts: Buffer[] = [];
  let offset = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name] as SafeTensor;
    if (name === metadataKey) throw invalid('NameReserved', `a tensor cannot be named ${name}`, { name });
    const { bytes, array } = dtypes[dtype];
    const size = elements(name, shape);
    if (!(data instanceof array) || data.length !== size) {
      throw invalid(
        'SafetensorsShape',
        `tensor ${name} must hold ${size} values of ${dtype}, got ${data.length} in a ${data.constructor.name}`,
        { name, shape: [...shape], dtype },
      );
    }
    const end = offset + size * bytes;
    header.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    offset = end;
  }
  let json = Buffer.from(`{${header.join(',')}}`);
  json = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
};

/**
 * Reads a safetensors file of any origin. Refuses headers over 100 MB, unknown dtypes, shapes that do not fit their
 * bytes, tensors that overlap, and bytes that belong to no tensor.
 *
 * @returns tensors in file order, each in separate memory
 * @throws CemiflowError `SafetensorsInvalid`, `SafetensorsDtype`, `SafetensorsShape`
 */
export const decodeSafetensors = (buffer: Uint8Array): Record<string, SafeTensor> => decode(buffer).tensors;

/** The free-form strings in the header. */
export const safetensorsMetadata = (buffer: Uint8Array): Record<string, string> => decode(buffer).metadata;

const decode = (bytes: Uint8Array): { tensors: Record<string, SafeTensor>; metadata: Record<string, string> } => {
  const { header, body } = split(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { entries, metadata } = readEntries(header, body.length, ownWidths);
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, SafeTensor] => {
    // A copy: the file's own memory is neither aligned nor safe to keep alive.
    const copy = new Uint8Array(body.subarray(begin, end)).buffer;
    return [name, { dtype: dtype as SafeDtype, shape, data: new dtypes[dtype as SafeDtype].array(copy) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
};

/** Bytes of one value, by dtype. */
type Widths = { readonly [dtype: string]: number };

const ownWidths: Widths = Object.fromEntries(Object.entries(dtypes).map(([dtype, { bytes }]) => [dtype, bytes]));

/** What a header says of one tensor. */
export interface SafeEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the first byte behind the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Checks a header: every tensor within the body, none over another, no byte left over.
 *
 * @param widths of the dtypes that tensors may have
 * @returns tensors in the header's order
 * @throws CemiflowError `SafetensorsInvalid`, `SafetensorsDtype`, `SafetensorsShape`
 */
const readEntries = (
  header: object,
  bodyBytes: number,
  widths: Widths,
): { readonly entries: SafeEntry[]; readonly metadata: Record<string, string> } => {
  const entries: SafeEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === metadataKey) metadata = readMetadata(entry);
    else entries.push(readEntry(name, entry, bodyBytes, widths));
  }
  let reached = 0;
  for (const { begin, end, name } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached) {
      const what =
        begin < reached ? 'overlaps the tensor before it' : `leaves ${begin - reached} bytes unused before it`;
      throw invalid('SafetensorsInvalid', `tensor ${name} ${what}`, { name, begin, reached });
    }
    reached = end;
  }
  if (reached !== bodyBytes) {
    throw invalid('SafetensorsInvalid', `tensors end at byte ${reached}, but there are ${bodyBytes}`, { reached });
  }
  return { entries, metadata };
};

/** Those of files of others too. */
const allWidths: Widths = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 },
  ...{ I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 },
};

/**
 * What the header of a file lists, whatever the dtypes; no tensor is read.
 *
 * @param start the file's first bytes, header included
 * @param fileBytes size of the whole file
 * @throws CemiflowError `SafetensorsInvalid`, `SafetensorsDtype`, `SafetensorsShape`
 */
export const listSafetensors = (start: Uint8Array, fileBytes: number): SafeEntry[] => {
  const { header, body } = split(Buffer.from(start.buffer, start.byteOffset, start.byteLength));
  const bodyBytes = fileBytes - (start.length - body.length);
  return readEntries(header, bodyBytes, allWidths).entries;
};

/** Bytes of a file up to its first tensor, from its first 8 bytes. @throws CemiflowError `SafetensorsInvalid` */
export const safetensorsStart = (first: Uint8Array, fileBytes: number): number => {
  const declared = Buffer.from(first).readBigUInt64LE(0);
  if (declared > BigInt(Math.min(maxHeaderBytes, fileBytes - 8))) throw badHeader(declared, fileBytes);
  return 8 + Number(declared);
};

const split = (buffer: Buffer): { header: object; body: Buffer } => {
  const declared = buffer.length < 8 ? undefined : buffer.readBigUInt64LE(0);
  if (declared === undefined || declared > BigInt(Math.min(maxHeaderBytes, buffer.length - 8))) {
    throw badHeader(declared, buffer.length);
  }
  const end = 8 + Number(declared);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(8, end)));
  } catch (cause) {
    throw invalid('SafetensorsInvalid', 'header must be JSON in UTF-8', {}, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw invalid('SafetensorsInvalid', 'header must be a JSON object', {});
  }
  return { header, body: buffer.subarray(end) };
};

const badHeader = (declared: bigint | undefined, bytes: number): CemiflowError =>
  invalid('SafetensorsInvalid', `header must fit the file and ${maxHeaderBytes} bytes, got ${declared ?? 'none'}`, {
    bytes,
  });

const readEntry = (name: string, entry: unknown, bodyBytes: number, widths: Widths): SafeEntry => {
  const { dtype, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(widths, dtype)) {
    throw invalid('SafetensorsDtype', `tensor ${name} must be one of ${Object.keys(widths).join(', ')}, got ${dtype}`, {
      name,
    });
  }
  if (!Array.isArray(shape)) throw invalid('SafetensorsShape', `tensor ${name} has no shape`, { name });
  const size = elements(name, shape as number[]);
  const [begin, end] = Array.isArray(data_offsets) && data_offsets.length === 2 ? (data_offsets as number[]) : [];
  if (!isCount(begin) || !isCount(end) || begin > end || end > bodyBytes) {
    throw invalid('SafetensorsInvalid', `tensor ${name} must lie within ${bodyBytes} bytes, got ${begin}…${end}`, {
      name,
    });
  }
  const needed = size * (widths[dtype] as number);
  if (end - begin !== needed) {
    throw invalid('SafetensorsShape', `tensor ${name} of shape [${shape}] needs ${needed} bytes, got ${end - begin}`, {
      name,
    });
  }
  return { name, dtype, shape: shape as number[], begin, end };
};

const readMetadata = (entry: unknown): Record<string, string> => {
  const values =
    typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? Object.values(entry) : [undefined];
  if (values.every((value) => typeof value === 'string')) return entry as Record<string, string>;
  throw invalid('SafetensorsInvalid', `${metadataKey} must map strings to strings`, {});
};

const elements = (name: string, shape: readonly number[]): number => {
  const size = shape.every(isCount) ? shape.reduce((product, n) => product * n, 1) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw invalid('SafetensorsShape', `tensor ${name} must have whole, non-negative sizes, got [${shape}]`, { name });
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const dtypeOf = (tensors: SafeTensors, name: string): string => (tensors[name] as SafeTensor).dtype;

const invalid = (code: string, message: string, data: JsonObject, cause?: unknown): CemiflowError =>
  new CemiflowError(code, message, {
    remedy: 'check where the file came from and fetch or write it again',
    data,
    cause,
  });
