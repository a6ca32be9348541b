import { setPrefix } from '../../../artifacts/codecs/benchmarks.ts';
import { putTemplates } from '../../../artifacts/templates.ts';
import type { FileEntry } from '../../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import type { StageContext } from '../../../core/stage.ts';
import { readFaceList, readFacePoints, readTemplatePairs } from '../../../formats/ijb/index.ts';
import { openFile, type Source, type SourceFile } from '../../../formats/source.ts';
import type { Examiner } from '../examiner.ts';
import { type Listing, takeIn } from '../intake.ts';
import { badBenchmarkImages } from './take.ts';

/** Where the lists and the crops of a set lie in a source. */
export interface IjbPaths {
  /** `ijbc_face_tid_mid.txt` */
  readonly faces: string;
  /** `ijbc_template_pair_label.txt` */
  readonly pairs: string;
  /** `ijbc_name_5pts_score.txt`; empty: none. */
  readonly points: string;
  /** Folder of the crops. */
  readonly images: string;
}

interface TakeIjbOptions {
  /** Takes crops as they are, or aligns them by their five points, which it is given where there are any. */
  readonly examiner: Examiner;
  readonly size: number;
  readonly context: StageContext;
}

const coordinates = 10;

/**
 * Packs the faces and the template pairs of IJB-B or IJB-C. An attempt that is interrupted goes on from the last shard that it noted.
 * Closes the examiner where it has begun to take faces in.
 *
 * @throws CemiflowError `FormatInvalid`, `BenchmarksMissing`, `TemplatesInvalid`, `BadImages`
 */
export const takeIjb = async (
  name: string,
  source: Source,
  paths: IjbPaths,
  { examiner, size, context }: TakeIjbOptions,
): Promise<{ readonly files: readonly FileEntry[]; readonly faces: number; readonly pairs: number }> => {
  const open = (path: string) => openFile(source, fileIn(source, path));
  const { names, template, media } = await readFaceList(open(paths.faces));
  const marked = paths.points ? await readFacePoints(open(paths.points)) : undefined;
  const odd = marked ? names.findIndex((each, i) => each !== marked.names[i]) : -1;
  if (marked && (odd >= 0 || marked.names.length !== names.length))
    throw invalid(name, `${paths.points} must name the faces of ${paths.faces} in the same order`, { face: odd });
  const pairs = await readTemplatePairs(open(paths.pairs));
  const known = new Set(template);
  const stranger = [pairs.left, pairs.right].map((side) => side.find((each) => !known.has(each)));
  const [unknown] = stranger.filter((each) => each !== undefined);
  if (unknown !== undefined)
    throw invalid(name, `${paths.pairs} names template ${unknown}, which has no face`, { template: unknown });
  if (!pairs.same.includes(1) || !pairs.same.includes(0))
    throw invalid(name, `${paths.pairs} must have pairs of one person and pairs of two`, {});
  const crops = fileNumbers(source, paths.images);
  const list: Listing = {
    async *list() {
      for (const [i, crop] of names.entries()) {
        const number = crops.get(crop) ?? missing(source, crop);
        const file = source.files[number] as SourceFile;
        const bytes = await source.read(file, 0, file.bytes);
        const landmarks = marked && [...marked.points.subarray(i * coordinates, (i + 1) * coordinates)];
        yield { identity: i, place: [number, 0, 0], bytes, ...(landmarks && { landmarks }) };
      }
    },
    nameOf: (_, [number]) => (source.files[number] as SourceFile).path,
  };
  const wanted = { ...{ height: size, width: size, maxImages: 0 }, prefix: setPrefix(name), entries: names.length };
  const { state, files } = await takeIn(source, list, wanted, examiner, context);
  if (state.leftOut.count > 0) throw badBenchmarkImages(name, state.leftOut, names.length, size);
  const score = marked?.score ?? new Float32Array(names.length).fill(1);
  const stored = await putTemplates(context.store, name, { template, media, score, ...pairs });
  return { files: [...files, ...stored], faces: names.length, pairs: pairs.same.length };
};

/** Places of the crops in the source, by the names that the lists have for them. */
const fileNumbers = ({ files }: Source, folder: string): ReadonlyMap<string, number> => {
  const start = folder && `${folder}/`;
  return new Map(files.flatMap(({ path }, i) => (path.startsWith(start) ? [[path.slice(start.length), i]] : [])));
};

const fileIn = (source: Source, path: string): SourceFile =>
  source.files.find((file) => file.path === path) ?? missing(source, path);

const missing = (source: Source, path: string): never => {
  throw new CemiflowError('BenchmarksMissing', `${source.name} holds no ${path}`, {
    remedy: 'name the lists and the folder of crops by their paths inside path',
    data: { path },
  });
};

const invalid = (set: string, message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('TemplatesInvalid', message, {
    remedy: `give lists of ${set} that belong together`,
    data: { set, ...data },
  });
