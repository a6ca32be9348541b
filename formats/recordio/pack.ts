import { onlyFile } from '../only-file.ts';
import { openFile, type RandomAccess, type Source, type SourceFile } from '../source.ts';
import { type Keys, offsetOf, readKeys } from './keys.ts';
import { Names } from './names.ts';
import { describesPack, parseImageRecord, readRecord } from './record.ts';

/** A RecordIO pack and the files beside it that belong to it. */
export interface Pack {
  /** Index of the `.rec` file in the source. */
  readonly file: number;
  readonly rec: RandomAccess;
  /** From the `.idx` file; without one, all records count. */
  readonly keys?: Keys;
  /** From `list.txt`; never beside InsightFace's header record, which says that labels count. */
  readonly names?: Names;
  /** From `property`: number of identities. */
  readonly classes?: number;
}

export const isPackFile = ({ path }: SourceFile): boolean => /\.rec$/i.test(path);

/** @throws CemiflowError `PackAmbiguous`, `FormatInvalid` */
export const openPack = async (source: Source): Promise<Pack> => {
  const file = onlyFile(source, {
    isOne: isPackFile,
    noun: '.rec file',
    remedy: 'name the folder of one pack: train.rec with train.idx',
  });
  const rec = openFile(source, file);
  const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
  const beside = (path: string): RandomAccess | undefined => {
    const found = source.files.find((other) => other.path === path);
    return found && openFile(source, found);
  };
  const index = beside(file.path.replace(/\.rec$/i, '.idx'));
  const keys = index && (await readKeys(index));
  const list = beside(`${folder}list.txt`);
  const names = list && !(await hasHeader(rec, keys)) ? await Names.read(list) : undefined;
  const property = beside(`${folder}property`);
  const classes = property && (await readClasses(property));
  return {
    file: source.files.indexOf(file),
    rec,
    ...(keys ? { keys } : {}),
    ...(names ? { names } : {}),
    ...(classes === undefined ? {} : { classes }),
  };
};

/** Whether the record of key 0 is InsightFace's header. */
const hasHeader = async (rec: RandomAccess, keys: Keys | undefined): Promise<boolean> => {
  const offset = keys ? offsetOf(keys, 0) : 0;
  if (offset === undefined || rec.bytes === 0) return false;
  const record = parseImageRecord((await readRecord(rec, offset)).payload);
  return typeof record !== 'string' && describesPack(record);
};

/** Number of identities in a `property` file (`classes,112,112`); undefined if it says something else. */
const readClasses = async (file: RandomAccess): Promise<number | undefined> => {
  const text = await file.read(0, Math.min(file.bytes, 64));
  const match = /^\s*(\d{1,9})\s*,\s*\d{1,5}\s*,\s*\d{1,5}\s*$/.exec(text.toString('latin1'));
  return match ? Number(match[1]) : undefined;
};
