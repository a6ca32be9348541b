import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import { readBin } from '../../../formats/bin/index.ts';
import { contiguousFold, type PairRow, parseCsvPairs, parseLfwPairs } from '../../../formats/pairs/index.ts';
import { openFile, type Source, type SourceFile } from '../../../formats/source.ts';

/** A verification set that a spec names. */
export interface WantedSet {
  readonly name: string;
  /** Path in the source: a `.bin` of InsightFace, a CSV of pairs, or LFW's `pairs.txt`. */
  readonly file: string;
  /** Folder in the source that the paths of pairs start from. Empty: the source itself. */
  readonly images?: string;
  /** Of the photos that LFW's `pairs.txt` numbers; default `jpg`. */
  readonly extension?: string;
}

/** A verification set as its files hold it. */
export interface SourceSet {
  /** Each is read once, in this order. */
  readonly images: readonly { readonly name: string; read(): Promise<Uint8Array> }[];
  /** By number of the image in `images`. */
  readonly pairs: readonly {
    readonly left: number;
    readonly right: number;
    readonly same: boolean;
    readonly fold: number;
  }[];
}

const folds = 10;
/** Most bytes of a list of pairs. */
const maxListBytes = 2 ** 27;
/** Names that a message lists at most. */
const shown = 20;

/** Every `.bin` of a source, named as its file is, in the order of paths. @throws CemiflowError `BenchmarksMissing` */
export const setsIn = (source: Source): WantedSet[] => {
  const found = source.files
    .filter(({ path }) => path.endsWith('.bin'))
    .map(({ path }) => ({ name: (path.split('/').at(-1) as string).slice(0, -'.bin'.length), file: path }));
  if (found.length === 0)
    throw missing(`${source.name} holds no .bin file`, 'name a folder of .bin files, or list sets with their files');
  const twice = found.find(({ name }, i) => found.findIndex((other) => other.name === name) !== i);
  if (twice)
    throw missing(`${source.name} holds two files that are called ${twice.name}.bin`, 'list sets with their files');
  return found;
};

/**
 * Opens a set. A `.bin` is in memory as a whole; the images of pairs are read one by one.
 *
 * @throws CemiflowError `FormatInvalid`, `BenchmarksMissing`, `BenchmarkTooSmall`
 */
export const openSet = async (source: Source, wanted: WantedSet): Promise<SourceSet> => {
  const file = source.files.find(({ path }) => path === wanted.file);
  if (!file)
    throw missing(`${source.name} holds no ${wanted.file}`, `sets: give the file of ${wanted.name} by its path`);
  const set = wanted.file.endsWith('.bin')
    ? await ofBin(source, file)
    : ofPairs(source, wanted, await list(source, file));
  checkFolds(wanted, set);
  return set;
};

const ofBin = async (source: Source, file: SourceFile): Promise<SourceSet> => {
  const { images, same } = await readBin(openFile(source, file));
  return {
    images: images.map((bytes, i) => ({ name: `image ${i}`, read: async () => bytes })),
    pairs: same.map((isSame, pair) => ({
      ...{ left: 2 * pair, right: 2 * pair + 1, same: isSame },
      fold: contiguousFold(pair, same.length, folds),
    })),
  };
};

const list = async (source: Source, file: SourceFile): Promise<Uint8Array> => {
  if (file.bytes <= maxListBytes) return source.read(file, 0, file.bytes);
  throw new CemiflowError('BenchmarkInvalid', `${file.path}: a list of pairs must be at most ${maxListBytes} bytes`, {
    remedy: 'give a .bin, a CSV of pairs, or a pairs.txt as LFW has it',
    data: { file: file.path, bytes: file.bytes },
  });
};

const ofPairs = (
  source: Source,
  { name, file, images: folder = '', extension }: WantedSet,
  bytes: Uint8Array,
): SourceSet => {
  const rows: readonly PairRow[] = file.endsWith('.csv')
    ? parseCsvPairs(bytes, { file })
    : parseLfwPairs(bytes, { file, ...(extension && { extension }) });
  const known = new Map(source.files.map((each) => [each.path, each]));
  const numbers = new Map<string, number>();
  const images: { name: string; read: () => Promise<Uint8Array> }[] = [];
  const lacking = new Set<string>();
  const numberOf = (path: string): number => {
    const number = numbers.get(path);
    if (number !== undefined) return number;
    const found = known.get(folder ? `${folder}/${path}` : path);
    if (!found) lacking.add(path);
    else images.push({ name: path, read: () => source.read(found, 0, found.bytes) });
    numbers.set(path, numbers.size);
    return numbers.size - 1;
  };
  const pairs = rows.map(({ left, right, ...row }) => ({ left: numberOf(left), right: numberOf(right), ...row }));
  if (lacking.size === 0) return { images, pairs };
  const some = [...lacking].slice(0, shown);
  throw missing(
    `${lacking.size} of ${numbers.size} images that ${file} names are not in ${source.name}${folder && `/${folder}`}: ${some.join(', ')}${lacking.size > shown ? ', …' : ''}`,
    'set images to the folder that the paths start from, and extension to that of the photos',
    { set: name, missing: lacking.size, images: some },
  );
};

/** Folds are numbered 0 … 9 at most, each has pairs, and there are two of them; a `.bin` has ten. */
const checkFolds = ({ name, file }: WantedSet, { pairs }: SourceSet): void => {
  const least = file.endsWith('.bin') ? folds : 2;
  const sizes = new Array<number>(folds).fill(0);
  for (const { fold } of pairs) if (fold < folds) sizes[fold] = (sizes[fold] as number) + 1;
  const count = sizes.findLastIndex((size) => size > 0) + 1;
  const counted = sizes.reduce((sum, size) => sum + size, 0);
  if (count >= least && !sizes.slice(0, count).includes(0) && counted === pairs.length) return;
  throw new CemiflowError(
    'BenchmarkTooSmall',
    `${name} must have from ${least} to ${folds} folds, numbered from 0 without gaps, each with at least one pair; ${pairs.length} pairs are in ${new Set(pairs.map(({ fold }) => fold)).size}`,
    {
      remedy: `give at least ${folds} pairs, or a CSV that states their folds`,
      data: { set: name, pairs: pairs.length, folds: sizes },
    },
  );
};

const missing = (message: string, remedy: string, data: JsonObject = {}): CemiflowError =>
  new CemiflowError('BenchmarksMissing', message, { remedy, data });
