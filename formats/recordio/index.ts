import { type BadEntry, type ImageSetFormat, type ListedImage, maxImageBytes, type Place } from '../image-set.ts';
import { formatInvalid } from '../invalid.ts';
import { readPlaces } from '../read-places.ts';
import { inMemory, type Source } from '../source.ts';
import { readAhead } from '../window.ts';
import { isPackFile, openPack, type Pack } from './pack.ts';
import {
  describesPack,
  type ImageRecord,
  maxExact,
  parseImageRecord,
  type RawRecord,
  readRecord,
  refuseRecord,
} from './record.ts';

export { writeRecordio } from './write.ts';

/**
 * MXNet's packs of images, as InsightFace publishes its training sets: `train.rec` with `train.idx` and `property`; also what
 * `im2rec` writes, and DCFace's sets, whose identities are in `list.txt`.
 *
 * Images are listed in the order in which they lie in the `.rec` file, in one pass from its first byte to its last, whatever
 * the order of the `.idx` file. Where there is an `.idx` file, records that it does not name are left out, as MXNet's readers do. A place
 * is (file, byte of the record's first part, bytes of all its parts).
 */
export const recordio: ImageSetFormat = {
  name: 'recordio',
  matches: (files) => files.some(isPackFile),
  list,
  read,
  nameOf: (source, [file, offset]) => `${source.files[file]?.path}, record at byte ${offset}`,
};

async function* list(source: Source): AsyncGenerator<ListedImage | BadEntry> {
  const pack = await openPack(source);
  let images = 0;
  let highest = 0;
  for await (const { key, record, parsed } of records(pack)) {
    const place: Place = [pack.file, record.offset, record.bytes];
    if (typeof parsed === 'string') {
      yield { place, fault: parsed };
      continue;
    }
    if (describesPack(parsed)) continue;
    const fault = faultOf(parsed);
    if (fault !== undefined) {
      yield { place, fault };
      continue;
    }
    images++;
    highest = Math.max(highest, parsed.label);
    const identity = pack.names ? nameOf(pack, pack.names.of(key ?? parsed.id), parsed, record) : parsed.label;
    yield { identity, place, bytes: parsed.image };
  }
  if (images > 1 && highest === 0 && !pack.names && pack.classes !== 1) throw onePerson(pack, images);
}

interface Found {
  /** From the `.idx` file, if there is one. */
  readonly key?: number;
  readonly record: RawRecord;
  readonly parsed: ImageRecord | string;
}

/** All records in file order; with an `.idx` file, those that it names, once for each key. */
async function* records({ rec, keys }: Pack): AsyncGenerator<Found> {
  const file = readAhead(rec);
  let next = 0;
  for (let offset = 0; offset < rec.bytes; ) {
    const record = await readRecord(file, offset);
    const parsed = parseImageRecord(record.payload);
    if (!keys) yield { record, parsed };
    else {
      if ((keys.offsets[next] ?? offset) < offset) break;
      for (; keys.offsets[next] === offset; next++) yield { key: keys.keys[next] as number, record, parsed };
    }
    offset += record.bytes;
  }
  if (keys && next < keys.length) {
    const [key, offset] = [keys.keys[next] as number, keys.offsets[next] as number];
    throw formatInvalid({
      format: 'RecordIO',
      file: rec.path,
      offset,
      message: `${keys.path} has key ${key} at byte ${offset}, where no record begins`,
      remedy: 'fetch both files again: they do not belong together, or one of them is cut off',
    });
  }
}

const faultOf = ({ label, image }: ImageRecord): string | undefined => {
  if (image.length === 0) return 'has no image';
  if (image.length > maxImageBytes) return `has over ${maxImageBytes / 2 ** 20} MiB`;
  if (Number.isInteger(label) && label >= 0 && label < maxExact) return undefined;
  return `must have a label that is a whole number from 0 to ${maxExact - 1}, got ${label}`;
};

const nameOf = ({ rec, names }: Pack, name: string | undefined, { label, id }: ImageRecord, { offset }: RawRecord) => {
  if (name !== undefined && label === 0) return name;
  throw formatInvalid({
    format: 'RecordIO',
    file: rec.path,
    offset,
    message:
      name === undefined
        ? `${names?.path} must name the identity of every record, and does not name that of record ${id}`
        : `the record has label ${label}, and ${names?.path} says that it shows ${name}: only one of them can count`,
    remedy: 'fetch list.txt again; if it does not belong to the pack, move it out of the folder',
  });
};

const onePerson = ({ rec }: Pack, images: number) =>
  formatInvalid({
    format: 'RecordIO',
    file: rec.path,
    offset: 0,
    message: `all ${images} images have label 0: a recognizer that is trained on one identity verifies no better than chance (50 %)`,
    remedy:
      "put the list of identities beside the pack as list.txt (DCFace's download has it: a key, a tab and a path on each line); if the set really shows one person, say so in a file property: 1,112,112",
  });

async function* read(source: Source, places: readonly Place[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for await (const bytes of readPlaces(source, places)) {
    const [file, offset, length] = places[next++] as Place;
    const path = source.files[file]?.path ?? '';
    const record = await readRecord(inMemory(path, bytes), 0);
    const parsed = parseImageRecord(record.payload);
    if (typeof parsed === 'string' || record.bytes !== length) {
      throw refuseRecord(path)('the record must be the one that was listed, and is another', offset);
    }
    yield parsed.image;
  }
}
