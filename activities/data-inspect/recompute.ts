import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { type Matches, readCensus, readMatches } from '../../artifacts/inspection.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Recompute } from '../../core/recompute.ts';
import type { ComparedSet, InspectionMetrics } from '../../metrics/inspection.ts';
import { comparedMetrics, overlapMetrics, setMetrics } from './assemble.ts';
import { type InspectOptions, thresholdOf } from './options.ts';
import { repeatedPhotos, sharedPhotos } from './photos.ts';
import { type InspectedSet, setsIn } from './sets.ts';

/** Counts, duplicates and pairs from the digests of images and the cosines of identities. Pictures are not made again. */
export const recompute: Recompute = async ({ action, outputs }, store) => {
  const options = action.params as unknown as InspectOptions;
  const scores = await scoresCodec.read(store, outputs.scores as ArtifactRef);
  const [data] = (await setsIn(store, { label: 'data', data: options.data })) as [InspectedSet];
  const others = (await Promise.all(options.others.map((each) => setsIn(store, each)))).flat();
  if (scores.meta.of !== 'inspection' || scores.meta.inspected !== 1 + others.length)
    throw new CemiflowError('ScoresInvalid', `scores of ${1 + others.length} inspected sets are required`, {
      remedy: 'inspect again',
      data: { scores: scores.ref.digest },
    });
  const threshold = await thresholdOf(store, options);
  const peopleOf = async (place: number): Promise<Matches | undefined> =>
    threshold === undefined ? undefined : readMatches(store, scores, place);
  const census = await readCensus(store, scores, 0);
  const own = repeatedPhotos(census);
  const names = { left: data.names, right: data.names };
  const within = overlapMetrics({ place: 0, ...names, photos: own, people: await peopleOf(0) }, options);
  const compared: ComparedSet[] = [];
  for (const [i, other] of others.entries()) {
    const place = i + 1;
    const theirs = await readCensus(store, scores, place);
    const photos = sharedPhotos(census, theirs);
    const people = await peopleOf(place);
    const between = { place, left: data.names, right: other.names, photos, people };
    compared.push(comparedMetrics(other, theirs, overlapMetrics(between, options)));
  }
  const metrics: InspectionMetrics = {
    kind: 'inspection',
    ...setMetrics(data, census, options),
    ...(threshold !== undefined && { threshold }),
    within: { ...within, acrossIdentities: own.acrossIdentities },
    others: compared,
  };
  return { output: 'metrics', metrics, from: 'from digests of images and cosines of identities' };
};
