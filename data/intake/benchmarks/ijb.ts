import { setPrefix } from '../../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import { putTemplates } from '../../../artifacts/templates.ts';
import type { FileEntry } from '../../../core/artifact.ts';
import { CemiflowError, type JsonObject } from '../../../core/errors.ts';
import type { StageContext } from '../../../core/stage.ts';
import { readFaceList, readFacePoints, readTemplatePairs } from '../../../formats/ijb/index.ts';
import { openFile, type Source, type SourceFile } from '../../../formats/source.ts';
import type { Asked } from '../examine.ts';
import type { Examiner } from '../examiner.ts';
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

/** Images that are examined by one question. */
const batchImages = 64;
const coordinates = 10;

/**
 * Packs the faces and the template pairs of IJB-B or IJB-C.
 *
 * @throws CemiflowError `FormatInvalid`, `BenchmarksMissing`, `TemplatesInvalid`, `BadImages`
 */
export const takeIjb = async (
  name: string,
  source: Source,
  paths: IjbPaths,
  { examiner, size, context }: TakeIjbOptions,
): Promise<{ readonly files: readonly FileEntry[]; readonly faces: number; readonly pairs: number }> => {
  const list = (path: string) => openFile(source, fileIn(source, path));
  const { names, template, media } = await readFaceList(list(paths.faces));
  const marked = paths.points ? await readFacePoints(list(paths.points)) : undefined;
  const odd = marked ? names.findIndex((each, i) => each !== marked.names[i]) : -1;
  if (marked && (odd >= 0 || marked.names.length !== names.length))
    throw invalid(name, `${paths.points} must name the faces of ${paths.faces} in the same order`, { face: odd });
  const pairs = await readTemplatePairs(list(paths.pairs));
  const known = new Set(template);
  const stranger = [pairs.left, pairs.right].map((side) => side.find((each) => !known.has(each)));
  const [unknown] = stranger.filter((each) => each !== undefined);
  if (unknown !== undefined)
    throw invalid(name, `${paths.pairs} names template ${unknown}, which has no face`, { template: unknown });
  if (!pairs.same.includes(1) || !pairs.same.includes(0))
    throw invalid(name, `${paths.pairs} must have pairs of one person and pairs of two`, {});
  const crops = new Map(source.files.map((file) => [file.path, file]));
  const writer = new DatasetWriter(context.store, { height: size, width: size, prefix: setPrefix(name) });
  const faults: string[] = [];
  for (let from = 0; from < names.length; from += batchImages) {
    const held: Asked[] = [];
    for (const [i, crop] of names.slice(from, from + batchImages).entries()) {
      const file = crops.get(paths.images ? `${paths.images}/${crop}` : crop) ?? missing(source, crop);
      const bytes = await source.read(file, 0, file.bytes);
      const at = (from + i) * coordinates;
      held.push({ bytes, ...(marked && { landmarks: [...marked.points.subarray(at, at + coordinates)] }) });
    }
    for (const [i, answer] of (await examiner.examine(held)).entries())
      if ('fault' in answer) faults.push(`${names[from + i]} (${answer.fault})`);
      else await writer.addEncoded({ identity: from + i, image: 0, bytes: answer.made ?? (held[i] as Asked).bytes });
    await context.progress({ phase: `take in ${name}`, step: from + held.length, steps: names.length });
  }
  if (faults.length > 0) throw badBenchmarkImages(name, faults, names.length, size);
  const score = marked?.score ?? new Float32Array(names.length).fill(1);
  const stored = await putTemplates(context.store, name, { template, media, score, ...pairs });
  return { files: [...(await writer.files()), ...stored], faces: names.length, pairs: pairs.same.length };
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
