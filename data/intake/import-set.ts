import { datasetCodec, type PeopleShown } from '../../artifacts/codecs/dataset.ts';
import { namesFile } from '../../artifacts/people.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { placeOf, type StageContext } from '../../core/stage.ts';
import { contentDigest } from '../../formats/content.ts';
import type { ImageSetFormat } from '../../formats/image-set.ts';
import type { Source } from '../../formats/source.ts';
import { openSource } from '../../formats/sources/open.ts';
import type { Examiner } from './examiner.ts';
import { badImages, checkCounts, sourceChanged } from './faults.ts';
import { takeIn } from './intake.ts';
import { similarNames } from './names.ts';
import type { SetParams } from './params.ts';
import type { IntakeState } from './state.ts';

/** What a kind that takes a set in makes of its parameters. */
export interface ImportOptions extends Omit<SetParams, 'people' | 'licence' | 'source' | 'consent'> {
  readonly peopleShown: PeopleShown;
  /** What the manifest says besides: licence, consent, origin. */
  readonly facts: JsonObject;
}

/** How a kind takes its set in. */
export interface Taking {
  readonly format: ImageSetFormat;
  readonly examiner: Examiner;
  /** What the manifest says of what was found in the source. */
  readonly found?: JsonObject;
}

/** Entries and pairs that the manifest names; all are counted. */
const named = 20;

/**
 * Takes the set of images at the place `path` in as a dataset.
 *
 * @throws CemiflowError `BadImages`, `TooFewImages`, `SourceChanged`, and as `openSource` and the format
 */
export const importSet = async (
  options: ImportOptions,
  takingOf: (source: Source) => Taking | Promise<Taking>,
  context: StageContext,
): Promise<ArtifactRef> => {
  const path = placeOf(context, 'path');
  const source = await openSource(path, options);
  try {
    const { format, examiner, found } = await takingOf(source);
    const { size, minImages } = options;
    const empty = format.emptyIdentities?.(source) ?? [];
    const { state, files } = await takeIn(
      source,
      format,
      { maxImages: options.maxImages, height: size, width: size },
      examiner,
      context,
    );
    if (options.content !== undefined && (await contentDigest(path)) !== options.content) throw sourceChanged(path);
    if (state.leftOut.count > 0 && options.onBadFile === 'fail') throw badImages(path, state.leftOut);
    checkCounts(path, state, { empty, minImages });
    const names = Buffer.from(JSON.stringify(state.names));
    const named = state.names.length > 0 ? [await context.store.putFile(namesFile, names, 'application/json')] : [];
    const landmarks = await state.landmarks.store(context.store, (file) => format.nameOf(source, [file, 0, 0]));
    const meta = { ...factsOf(state, options), ...found, format: format.name, height: size, width: size };
    return await datasetCodec.write(context.store, meta, [...files, ...named, ...landmarks]);
  } finally {
    await source.close();
  }
};

const factsOf = (state: IntakeState, { facts, peopleShown }: ImportOptions) => {
  const { leftOut, transparent, names, taken } = state;
  const counts = [...taken.values()].filter((count) => count > 0);
  const similar = similarNames(names);
  const duplicates = duplicatesOf(state);
  return {
    ...facts,
    peopleShown,
    identities: counts.length,
    images: counts.reduce((sum, count) => sum + count, 0),
    ...(leftOut.count > 0 && { skipped: { count: leftOut.count, files: leftOut.first.map(({ name }) => name) } }),
    ...(transparent > 0 && { transparent }),
    ...(similar.length > 0 && {
      similarNames: { count: similar.length, groups: similar.slice(0, named).map((group) => [...group]) },
    }),
    ...(duplicates && { duplicates }),
  };
};

/** Images that are there twice; undefined where none is. */
const duplicatesOf = (state: IntakeState): JsonObject | undefined => {
  const { pairs, ...counts } = state.duplicates.find();
  if (counts.bytes + counts.pixels === 0) return undefined;
  const first = pairs.slice(0, named);
  return {
    ...counts,
    identityPairs: pairs.length,
    pairs: first.map(([left, right, images]) => ({ left: state.nameOf(left), right: state.nameOf(right), images })),
  };
};
