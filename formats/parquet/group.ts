import { type AsyncBuffer, type ColumnMetaData, parquetRead, type RowGroup } from 'hyparquet';
import { compressors } from './compressors.ts';
import { guarded, type OpenParquet, refuse } from './open.ts';
import { checkPages } from './pages.ts';

/** Most bytes of a row group's image and label, packed and unpacked; the hub's have 100 MB as a rule. */
const maxGroupBytes = 512 * 2 ** 20;

/** One row: what the columns of image and label hold. */
export type Row = { readonly [column: string]: unknown };

/**
 * Rows of one row group: image and label alone.
 *
 * @throws CemiflowError `FormatInvalid`
 */
export const readGroup = async (open: OpenParquet, group: RowGroup): Promise<readonly Row[]> => {
  const { metadata, columns } = open;
  const wanted = [columns.image, columns.label];
  const chunks = group.columns.filter(({ meta_data }) => wanted.includes(meta_data?.path_in_schema[0] ?? ''));
  const loaded = await load(
    open,
    chunks.map(({ meta_data }) => meta_data as ColumnMetaData),
    Number(group.num_rows),
  );
  const start = loaded[0]?.start ?? 0;
  const fail = (message: string): Error => refuse(open.file)(message, start);
  let rows: readonly Row[] = [];
  await guarded(fail, () =>
    parquetRead({
      file: served(open.file.bytes, loaded, fail),
      // Only this group, and only these columns, so that nothing else can be read by mistake.
      metadata: { ...metadata, num_rows: group.num_rows, row_groups: [{ ...group, columns: chunks }] },
      columns: wanted,
      rowFormat: 'object',
      compressors,
      utf8: false,
      geoparquet: false,
      onComplete: (found) => {
        rows = found;
      },
    }),
  );
  if (rows.length !== Number(group.num_rows)) throw fail(`a row group of ${group.num_rows} rows has ${rows.length}`);
  return rows;
};

interface Loaded {
  readonly start: number;
  readonly bytes: Buffer<ArrayBuffer>;
}

const load = async (open: OpenParquet, chunks: readonly ColumnMetaData[], rows: number): Promise<Loaded[]> => {
  const fail = refuse(open.file);
  const ranges = chunks.map((chunk) => {
    const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
    const length = Number(chunk.total_compressed_size);
    if (!(start >= 4 && length >= 0 && start + length <= open.file.bytes)) {
      throw fail(`column ${chunk.path_in_schema.join('.')} must lie in the file, got ${length} bytes at ${start}`, 0);
    }
    return { start, length };
  });
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  if (total > maxGroupBytes) {
    throw fail(`row groups of at most ${maxGroupBytes} bytes are read, got ${total}`, ranges[0]?.start ?? 0);
  }
  const loaded: Loaded[] = [];
  for (const { start, length } of ranges) {
    const bytes = Buffer.from(new Uint8Array(await open.file.read(start, length)).buffer);
    checkPages(bytes, { rows, maxBytes: maxGroupBytes }, (message, at) => fail(message, start + at));
    loaded.push({ start, bytes });
  }
  return loaded;
};

/** The chunks that were checked as hyparquet's file. It may ask for several with the gaps between them, which it passes over. */
const served = (byteLength: number, loaded: readonly Loaded[], fail: (message: string) => Error): AsyncBuffer => ({
  byteLength,
  slice: (start, end = byteLength) => {
    const whole = loaded.find((chunk) => chunk.start === start && start + chunk.bytes.length === end);
    if (whole) return whole.bytes.buffer;
    if (!(start >= 0 && end >= start && end - start <= maxGroupBytes))
      throw fail(`no bytes lie from ${start} to ${end}`);
    const joined = new Uint8Array(end - start);
    for (const { start: from, bytes } of loaded) {
      if (from >= start && from + bytes.length <= end) joined.set(bytes, from - start);
    }
    return joined.buffer;
  },
});
