import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { folderOf, isClutter, isPhotograph } from '../paths.ts';
import { openFile, type RandomAccess, type Source, type SourceFile } from '../source.ts';
import { readAhead } from '../window.ts';
import { readRecord, refuse } from './directory.ts';
import { readEntry } from './entry.ts';
import { openZip, type PlacedEntry } from './open.ts';

const isZip = ({ path }: SourceFile): boolean => /\.zip$/i.test(path);

/**
 * Zip archives of identity folders, such as DigiFace-1M's `subjects_0-1999_72_imgs.zip` with `0/0.png` to `1999/71.png`. The
 * identity is the name of the folder that the image lies in. Archives of one source share their identities: `7/0.png` in two archives
 * is the same person, since DigiFace numbers its subjects across its archives (0 to 9999, then 100000 to 199998).
 *
 * Places are the bytes of an entry's record in the directory and of its local header.
 */
export const zip: ImageSetFormat = {
  name: 'zip',
  matches: (files) => files.some(isZip),
  list: listZips,
  read: readZips,
  nameOf: (source, [file, , offset]) => `${source.files[file]?.path}, entry at byte ${offset}`,
};

async function* listZips(source: Source): AsyncGenerator<ListedImage | BadEntry> {
  for (const [index, sourceFile] of source.files.entries()) {
    if (!isZip(sourceFile)) continue;
    const file = readAhead(openFile(source, sourceFile));
    const { entries, read } = await openZip(file);
    for (const entry of entries) {
      if (isClutter(entry.path)) continue;
      const place: Place = [index, entry.record, entry.offset];
      const identity = folderOf(entry.path);
      const fault = faultOf(entry);
      if (fault !== undefined || identity === undefined) {
        yield { place, fault: `${entry.path} ${fault ?? 'lies in no folder of an identity'}` };
      } else {
        yield { identity, place, bytes: new Uint8Array(await read(entry, maxImageBytes)) };
      }
    }
  }
}

const faultOf = ({ path, size }: PlacedEntry): string | undefined => {
  if (!isPhotograph(path)) return 'is no JPEG, PNG or WebP by its name';
  if (size === 0) return 'is empty';
  return size > maxImageBytes ? `has over ${maxImageBytes / 2 ** 20} MiB` : undefined;
};

async function* readZips(source: Source, places: readonly Place[]): AsyncGenerator<Uint8Array> {
  let open: { index: number; records: RandomAccess; files: RandomAccess } | undefined;
  for (const [index, record, offset] of places) {
    const sourceFile = source.files[index];
    if (!sourceFile) throw refuse({ path: source.name })(`there is no file ${index}`, 0);
    if (open?.index !== index) {
      const file = openFile(source, sourceFile);
      // Records lie together behind the files: two windows, so that neither chases the other away.
      open = { index, records: readAhead(file, 2 ** 18), files: readAhead(file) };
    }
    const fail = refuse(open.files);
    const { entry } = await readRecord(open.records, record, { end: sourceFile.bytes }, fail);
    if (entry?.offset !== offset) throw fail(`the record must lead to byte ${offset}: the archive has changed`, record);
    yield new Uint8Array(await readEntry(open.files, entry, { limit: record, maxBytes: maxImageBytes }));
  }
}
