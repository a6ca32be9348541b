import type { Artifact } from '../../artifacts/codec.ts';
import { centersCodec, readCenters } from '../../artifacts/codecs/centers.ts';
import { type DatasetMeta, datasetCodec, readNames } from '../../artifacts/codecs/dataset.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { keptPeople, namesFile } from '../../artifacts/people.ts';
import { hasSoftLabels, softLabelsFile } from '../../artifacts/soft-labels.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { StageContext, StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import { samplesOf } from '../../data/samples.ts';
import { chooseRows } from './choose.ts';

/** `schemas/stages/data-subset.schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly group: { readonly centers: ArtifactRef; readonly index: number } | null;
  readonly identities: number;
  readonly images: number;
  readonly draw: 'random' | 'first';
}

type Dataset = Artifact<DatasetMeta>;

/** `data/subset`: part of a dataset. Reads it twice, shard by shard: first who is in it, then the images that are taken. */
export const stage: StageKind<Params> = {
  async run(params, context) {
    const source = await datasetCodec.read(context.store, params.data);
    if (hasSoftLabels(source)) throw mixedSet(source);
    const allowed = await allowedRows(params, source, context);
    const identities: number[] = [];
    for await (const { identity } of samplesOf(source, context, 'read labels')) identities.push(identity);
    const taken = chooseRows(Int32Array.from(identities), { ...params, seed: context.seed, allowed });
    const kept = new Set(identities.filter((_, row) => taken[row] === 1));
    if (kept.size === 0) throw groupEmpty(params);

    const writer = new DatasetWriter(context.store, source.meta);
    let row = 0;
    for await (const sample of samplesOf(source, context, 'copy images')) {
      if (taken[row++] === 1) await writer.addEncoded(sample);
    }
    const files = [...(await writer.files()), ...(await namesOf(source, kept, context))];
    const meta = { ...(await factsOf(source, kept, params, context)), ...writer.counts() };
    return { data: await datasetCodec.write(context.store, meta, files) };
  },
};

/**
 * Which rows the similarity group leaves.
 *
 * @throws CemiflowError `CentersMismatch`, `GroupMissing`
 */
const allowedRows = async (
  { group: wanted }: Params,
  { ref: data }: Dataset,
  { store }: StageContext,
): Promise<(row: number) => boolean> => {
  if (wanted === null) return () => true;
  const { centers: ref, index } = wanted;
  const centers = await centersCodec.read(store, ref);
  const { data: found, groups } = centers.meta;
  if (found !== data.digest) throw centersMismatch(ref, found, data);
  if (index >= groups.length)
    throw new CemiflowError(
      'GroupMissing',
      `centers ${ref.digest} have ${plural(groups.length, 'group')}, not number ${index}`,
      {
        remedy: `set index to 0 … ${groups.length - 1}, or compute the centers with more groups`,
        data: { index, groups: groups.length },
      },
    );
  const { group } = await readCenters(store, centers);
  return (row) => group[row] === index;
};

/** What the manifest of the part says: what that of the whole set does, who is left, and what was taken. */
const factsOf = async (
  { ref, meta: { peopleShown, people, identities: all } }: Dataset,
  kept: ReadonlySet<number>,
  { group, identities, images, draw }: Params,
  { store }: StageContext,
): Promise<JsonObject & Pick<DatasetMeta, 'peopleShown'>> => {
  // What was counted when the whole set came in is not true of a part.
  const {
    skipped: _skipped,
    transparent: _,
    duplicates: _twice,
    similarNames: _names,
    ...meta
  } = (await store.getArtifact(ref)).meta;
  const taken = group && { group: { centers: group.centers.digest, index: group.index } };
  return {
    ...meta,
    ...(people.length > 0 ? { people: [...keptPeople(people, kept, all)] } : {}),
    peopleShown,
    subset: { of: ref.digest, identities, images, draw, ...taken },
  };
};

/** Names of the people, where the set has any: of those who are left. */
const namesOf = async (source: Dataset, kept: ReadonlySet<number>, { store }: StageContext): Promise<FileEntry[]> => {
  const names = (await readNames(store, source)).map((name, identity) => (kept.has(identity) ? name : ''));
  return names.length === 0
    ? []
    : [await store.putFile(namesFile, Buffer.from(JSON.stringify(names)), 'application/json')];
};

const centersMismatch = (centers: ArtifactRef, found: Digest | undefined, data: ArtifactRef): CemiflowError =>
  new CemiflowError(
    'CentersMismatch',
    `the groups of centers ${centers.digest} are of dataset ${found ?? '(not stated)'}, not of ${data.digest}`,
    {
      remedy: 'run centers/compute on the dataset that data/subset takes a part of',
      data: { centers: centers.digest, found: found ?? null, required: data.digest },
    },
  );

/** The labels of a part would name people who are not in it. */
const mixedSet = ({ ref }: Dataset): CemiflowError =>
  new CemiflowError(
    'SubsetOfMixtures',
    `dataset ${ref.digest} cannot be cut: its images are mixtures of two identities (${softLabelsFile}), and one of them may not be in the part`,
    {
      remedy: 'generate a set of the wanted size, or one without mixtures (mixup: false)',
      data: { dataset: ref.digest },
    },
  );

const groupEmpty = ({ data, group }: Params): CemiflowError =>
  new CemiflowError('GroupEmpty', `group ${group?.index} of dataset ${data.digest} has no images`, {
    remedy: 'take another group, or compute the centers with fewer groups',
    data: { dataset: data.digest, index: group?.index ?? null },
  });
