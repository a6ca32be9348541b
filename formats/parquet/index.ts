import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { openFile, type Source, type SourceFile } from '../source.ts';
import type { SetColumns } from './columns.ts';
import { type Row, readGroup } from './group.ts';
import { type OpenParquet, openParquet, refuse } from './open.ts';

export { parquetFile } from './write.ts';

const isParquet = ({ path }: SourceFile): boolean => /\.parquet$/i.test(path);

/**
 * Parquet files as the Hugging Face hub stores image sets: `image` is bytes, or a struct with `bytes` (and `path`); the identity is
 * `label`, `identity` or `id`, a number or a string. Where `datasets` noted names of classes, they are the identities. One row group
 * is in memory at a time, twice while it is unpacked.
 *
 * Places are the row group, and the row in it. `read` is fast where places are in order: each change of row group reads one.
 */
export const parquet: ImageSetFormat = {
  name: 'parquet',
  matches: (files) => files.some(isParquet),
  list: listFiles,
  read: readFiles,
  nameOf: (source, [file, group, row]) => `${source.files[file]?.path}, row ${row} of row group ${group}`,
};

async function* listFiles(source: Source): AsyncGenerator<ListedImage | BadEntry> {
  let kind: string | undefined;
  for (const [index, sourceFile] of source.files.entries()) {
    if (!isParquet(sourceFile)) continue;
    const open = await openParquet(openFile(source, sourceFile));
    for (const [group, rowGroup] of open.groups.entries()) {
      const rows = await readGroup(open, rowGroup);
      for (const [row, values] of rows.entries()) {
        const entry = toEntry(values, open.columns, [index, group, row]);
        if ('identity' in entry) {
          kind ??= typeof entry.identity;
          if (typeof entry.identity !== kind) {
            throw refuse(open.file)(
              `labels must be all ${kind}s, got ${JSON.stringify(entry.identity)} in row ${row}`,
              0,
            );
          }
        }
        yield entry;
      }
    }
  }
}

const toEntry = (row: Row, columns: SetColumns, place: Place): ListedImage | BadEntry => {
  const image = imageOf(row[columns.image]);
  if (typeof image === 'string') return { place, fault: image };
  const identity = identityOf(row[columns.label], columns);
  if (identity === undefined)
    return { place, fault: `has a ${columns.label} that is no name and no whole number from 0` };
  return { identity, place, bytes: new Uint8Array(image) };
};

/** The image's bytes, or why there are none. */
const imageOf = (value: unknown): Uint8Array | string => {
  if (value === null || value === undefined) return 'has no image';
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown }).bytes;
  if (bytes instanceof Uint8Array) {
    if (bytes.length === 0) return 'is empty';
    return bytes.length > maxImageBytes ? `has over ${maxImageBytes / 2 ** 20} MiB` : bytes;
  }
  const path = (value as { path?: unknown }).path;
  return typeof path === 'string' || path instanceof Uint8Array
    ? `names a file, ${JSON.stringify(Buffer.from(path).toString().slice(0, 200))}, but does not hold it`
    : 'has an image that is no bytes';
};

const identityOf = (value: unknown, { names }: SetColumns): number | string | undefined => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString() || undefined;
  const label = typeof value === 'bigint' ? Number(value) : value;
  if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= 2 ** 31) return undefined;
  return names ? names[label] : label;
};

async function* readFiles(source: Source, places: readonly Place[]): AsyncGenerator<Uint8Array> {
  let open: { index: number; group: number; parquet: OpenParquet; rows: readonly Row[] } | undefined;
  for (const [index, group, row] of places) {
    if (open?.index !== index || open.group !== group) {
      const sourceFile = source.files[index];
      if (!sourceFile) throw refuse({ path: source.name })(`there is no file ${index}`, 0);
      const before: OpenParquet | undefined = open?.index === index ? open.parquet : undefined;
      open = undefined;
      const opened: OpenParquet = before ?? (await openParquet(openFile(source, sourceFile)));
      const rowGroup = opened.groups[group];
      if (!rowGroup) throw refuse(opened.file)(`there is no row group ${group}: the file has changed`, 0);
      open = { index, group, parquet: opened, rows: await readGroup(opened, rowGroup) };
    }
    const image = imageOf(open.rows[row]?.[open.parquet.columns.image]);
    if (typeof image === 'string')
      throw refuse(open.parquet.file)(`row ${row} of row group ${group} ${image}: the file has changed`, 0);
    yield new Uint8Array(image);
  }
}
