import { numberAt, readThrift, structAt, type ThriftStruct } from './thrift.ts';

/** PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY: all that pyarrow writes unless it is asked for others. */
const encodings = [0, 2, 3, 8];

/**
 * Walks the pages of a column chunk before hyparquet reads them, and checks what they will need: sizes once decompressed, and
 * counts of values.
 *
 * @param limits `rows`: most values; `maxBytes`: most bytes once decompressed
 * @param fail makes the error from a message and the byte within `chunk`
 */
export const checkPages = (
  chunk: Buffer,
  { rows, maxBytes }: { rows: number; maxBytes: number },
  fail: (message: string, at: number) => Error,
): void => {
  let values = 0;
  let unpacked = 0;
  for (let at = 0; at < chunk.length; ) {
    const { struct, end } = readThrift(chunk, at, fail);
    const size = numberAt(struct, 2) ?? -1;
    const packed = numberAt(struct, 3) ?? -1;
    if (size < 0 || packed < 0 || packed > chunk.length - end) throw fail('a page has no sizes, or is cut off', at);
    unpacked += size;
    if (unpacked > maxBytes) throw fail(`pages must have at most ${maxBytes} bytes once decompressed`, at);
    const page = pageOf(struct);
    if (!page) throw fail('a page must have the header of a data or dictionary page', at);
    const count = numberAt(page.header, 1) ?? -1;
    if (!page.dictionary) values += count;
    if (count < 0 || count > rows || values > rows)
      throw fail(`a row group of ${rows} rows has a page of ${count} values`, at);
    const encoding = numberAt(page.header, page.encoding) ?? -1;
    if (!encodings.includes(encoding))
      throw fail(`pages must be plain or have a dictionary, got encoding ${encoding}`, at);
    if (page.levels) checkLevels(page.header, Math.min(size, packed), (message) => fail(message, at));
    at = end + packed;
  }
};

/** The header of a page's kind, and where that has its encoding. */
const pageOf = (
  struct: ThriftStruct,
): { header: ThriftStruct; encoding: number; dictionary?: boolean; levels?: boolean } | undefined => {
  const kind = numberAt(struct, 1);
  if (kind === 0) {
    const header = structAt(struct, 5);
    return header && { header, encoding: 2 };
  }
  if (kind === 2) {
    const header = structAt(struct, 7);
    return header && { header, encoding: 2, dictionary: true };
  }
  const header = structAt(struct, 8);
  return kind === 3 && header ? { header, encoding: 4, levels: true } : undefined;
};

const checkLevels = (header: ThriftStruct, bytes: number, fail: (message: string) => Error): void => {
  const [nulls, definition, repetition] = [2, 5, 6].map((field) => numberAt(header, field) ?? -1) as [
    number,
    number,
    number,
  ];
  const values = numberAt(header, 1) ?? 0;
  if (nulls < 0 || nulls > values) throw fail(`a page of ${values} values has ${nulls} nulls`);
  if (definition < 0 || repetition < 0 || definition + repetition > bytes)
    throw fail('levels of a page are longer than it');
};
