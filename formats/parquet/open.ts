import { type FileMetaData, parquetMetadata, parquetSchema, type RowGroup, type SchemaTree } from 'hyparquet';
import { CemiflowError } from '../../core/errors.ts';
import { formatInvalid } from '../invalid.ts';
import type { RandomAccess, Refuse } from '../source.ts';
import { findColumns, type SetColumns } from './columns.ts';
import { readThrift } from './thrift.ts';

/** Most bytes of the footer: thousands of row groups. */
const maxFooterBytes = 16 * 2 ** 20;
/** Most rows of a row group: the default of pyarrow. */
const maxGroupRows = 2 ** 20;

/** A file whose footer was read and checked. */
export interface OpenParquet {
  readonly file: RandomAccess;
  readonly metadata: FileMetaData;
  readonly groups: readonly RowGroup[];
  readonly columns: SetColumns;
  readonly schema: SchemaTree;
}

export const refuse =
  (file: Pick<RandomAccess, 'path'>): Refuse =>
  (message, offset) =>
    formatInvalid({
      format: 'Parquet',
      file: file.path,
      offset,
      message,
      remedy: 'fetch the file again, or write it again with pyarrow: pq.write_table(table, FILE, row_group_size=1000)',
    });

/** Runs hyparquet, whose errors are plain ones, and says where they came from. */
export const guarded = async <T>(fail: (message: string) => Error, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CemiflowError) throw error;
    throw fail(error instanceof Error ? error.message : String(error));
  }
};

/** @throws CemiflowError `FormatInvalid` */
export const openParquet = async (file: RandomAccess): Promise<OpenParquet> => {
  const fail = refuse(file);
  if (file.bytes < 12) throw fail('a Parquet file has at least 12 bytes', 0);
  const tail = await file.read(file.bytes - 8, 8);
  if (tail.toString('latin1', 4) !== 'PAR1') throw fail('a Parquet file must end with PAR1', file.bytes - 4);
  const footerBytes = tail.readUInt32LE(0);
  const start = file.bytes - 8 - footerBytes;
  if (start < 4 || footerBytes > maxFooterBytes) {
    throw fail(
      `a footer must lie in the file and have at most ${maxFooterBytes} bytes, got ${footerBytes}`,
      file.bytes - 8,
    );
  }
  const footer = Buffer.from(await file.read(start, footerBytes + 8));
  readThrift(footer.subarray(0, footerBytes), 0, (message, at) => fail(message, start + at));
  return guarded(
    (message) => fail(message, start),
    () => {
      const metadata = parquetMetadata(new Uint8Array(footer), { geoparquet: false });
      const schema = parquetSchema(metadata);
      for (const { num_rows } of metadata.row_groups) {
        if (num_rows < 0n || num_rows > BigInt(maxGroupRows)) {
          throw fail(`row groups of at most ${maxGroupRows} rows are read, got ${num_rows}`, start);
        }
      }
      const columns = findColumns(metadata, schema, (message) => fail(message, start));
      return { file, metadata, groups: metadata.row_groups, columns, schema };
    },
  );
};
