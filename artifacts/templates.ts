import type { FileEntry } from '../core/artifact.ts';
import type { ArtifactStore } from '../core/stage.ts';
import type { SafeArray, SafeDtype, SafeTensors } from '../formats/safetensors.ts';
import { type Artifact, type ArtifactReader, readable } from './codec.ts';
import { type BenchmarksMeta, setPrefix } from './codecs/benchmarks.ts';
import type { ScoresMeta } from './codecs/scores.ts';
import { artifactInvalid } from './invalid.ts';
import { getTensors, putTensors } from './tensors.ts';

/** Templates of a set of IJB's kind: faces in shard order, and the pairs of templates that are compared. */
export interface StoredTemplates {
  /** int32 [N], number of the template that a face belongs to */
  readonly template: Int32Array;
  /** int32 [N], the photo or video that it was taken from */
  readonly media: Int32Array;
  /** float32 [N], of the detector; 1 where none is known */
  readonly score: Float32Array;
  /** int32 [P], number of a template */
  readonly left: Int32Array;
  /** int32 [P] */
  readonly right: Int32Array;
  /** uint8 [P], 1 where both are of one person */
  readonly same: Uint8Array;
}

/** Pairs of templates as they were scored. */
export interface StoredTemplateScores {
  /** float32 [P] in [-1, 1] */
  readonly similarity: Float32Array;
  /** uint8 [P] */
  readonly same: Uint8Array;
}

const faces = { template: 'I32', media: 'I32', score: 'F32' } as const;
const pairs = { left: 'I32', right: 'I32', same: 'U8' } as const;
const scores = { similarity: 'F32', same: 'U8' } as const;

type Layout = { readonly [name: string]: SafeDtype };

const stemOf = (set: string): string => `${setPrefix(set)}templates`;

/** Stores templates as `S/templates.safetensors`, in several files where they are large. */
export const putTemplates = (store: ArtifactStore, set: string, templates: StoredTemplates): Promise<FileEntry[]> =>
  putTensors(store, stemOf(set), tensorsOf(templates, { ...faces, ...pairs }));

/** @param images of the set @throws CemiflowError `ArtifactInvalid` */
export const readTemplates = async (
  store: ArtifactReader,
  artifact: Artifact<BenchmarksMeta>,
  set: string,
  images: number,
): Promise<StoredTemplates> => {
  const path = `${stemOf(set)}.safetensors`;
  const tensors = await readable(artifact, path, () => getTensors(store, artifact, stemOf(set)));
  const place = { ...artifact.ref, path };
  const { template, media, score } = arraysOf<Pick<StoredTemplates, keyof typeof faces>>(tensors, faces, place);
  if (template.length !== images)
    throw artifactInvalid(place, 'template', { required: `${images} faces`, found: `${template.length}` });
  const listed = arraysOf<Pick<StoredTemplates, keyof typeof pairs>>(tensors, pairs, place);
  const known = new Set(template);
  if (!listed.left.every((each) => known.has(each)) || !listed.right.every((each) => known.has(each)))
    throw artifactInvalid(place, 'left', { required: 'templates that have faces', found: 'others' });
  return { template, media, score, ...listed };
};

/** Stores scores as `S.safetensors`, in several files where they are large. @throws CemiflowError `NotFinite` */
export const putTemplateScores = (
  store: ArtifactStore,
  set: string,
  scored: StoredTemplateScores,
): Promise<FileEntry[]> => putTensors(store, set, tensorsOf(scored, scores));

/** @throws CemiflowError `ArtifactInvalid` */
export const readTemplateScores = async (
  store: ArtifactReader,
  artifact: Artifact<ScoresMeta>,
  set: string,
): Promise<StoredTemplateScores> => {
  const path = `${set}.safetensors`;
  const tensors = await readable(artifact, path, () => getTensors(store, artifact, set));
  return arraysOf<StoredTemplateScores>(tensors, scores, { ...artifact.ref, path });
};

const tensorsOf = (arrays: object, layout: Layout): SafeTensors =>
  Object.fromEntries(
    Object.entries(layout).map(([name, dtype]) => {
      const data = arrays[name as keyof typeof arrays] as SafeArray;
      return [name, { dtype, shape: [data.length], data }];
    }),
  );

/** Arrays of one length, at least 1. */
const arraysOf = <T>(tensors: SafeTensors, layout: Layout, place: Parameters<typeof artifactInvalid>[0]): T => {
  const arrays = Object.entries(layout).map(([name, dtype]) => {
    const tensor = tensors[name];
    if (tensor?.dtype === dtype) return [name, tensor.data] as const;
    throw artifactInvalid(place, name, { required: dtype, found: tensor?.dtype ?? 'nothing' });
  });
  const lengths = new Set(arrays.map(([, data]) => data.length));
  if (lengths.size > 1 || lengths.has(0))
    throw artifactInvalid(place, Object.keys(layout)[0] as string, {
      required: 'arrays of one length, at least 1',
      found: `${[...lengths]}`,
    });
  return Object.fromEntries(arrays) as T;
};
