import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { type Matches, putCensus, putMatches } from '../../artifacts/inspection.ts';
import type { Outputs } from '../../core/action.ts';
import type { FileEntry } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { loadBenchmark } from '../../data/benchmarks.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import type { ComparedSet, InspectionMetrics } from '../../metrics/inspection.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { comparedMetrics, overlapMetrics, setMetrics } from './assemble.ts';
import { takeCensus } from './census.ts';
import { type InspectOptions, requireEqualSizes, thresholdOf } from './options.ts';
import { centersOf, matchesBetween, matchesWithin, type People, type ToEmbed } from './people.ts';
import { repeatedPhotos, sharedPhotos } from './photos.ts';
import { type Pictured, putPictures } from './pictures.ts';
import { type InspectedSet, setsIn } from './sets.ts';

type Params = InspectOptions & PrecisionOption;
type Input = InputContext<CopyRecipe>;

/** `data/inspect`: identities with few images, photos and people that are there twice, and those that are in other sets too. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: Input): Promise<Outputs> => {
  const { store } = input;
  const threshold = await thresholdOf(store, params);
  const [data] = (await setsIn(store, { label: 'data', data: params.data })) as [InspectedSet];
  const others = (await Promise.all(params.others.map((each) => setsIn(store, each)))).flat();
  const { recognizer, precision } = params;
  if (recognizer === undefined || threshold === undefined) return inspect(params, { data, others }, undefined, input);
  requireEqualSizes(data, others);
  // The view of verification: the sum of the embeddings of an image and its mirror image.
  return withEmbedder(store, recognizer, { view: 'both', precision }, async (embedder) =>
    inspect(params, { data, others }, new Comparison(embedder, data, { ...params, threshold }, input), input),
  );
};

interface Sets {
  readonly data: InspectedSet;
  readonly others: readonly InspectedSet[];
}

const inspect = async (
  params: Params,
  { data, others }: Sets,
  comparison: Comparison | undefined,
  input: Input,
): Promise<Outputs> => {
  const { store } = input;
  const set: Pictured = { set: data, census: await takeCensus(data, input) };
  const scores: FileEntry[] = await putCensus(store, 0, set.census);
  const pictures: FileEntry[] = [];
  const note = async (place: number, people: Matches | undefined): Promise<void> => {
    if (people) scores.push(...(await putMatches(store, place, people)));
  };
  const people = await comparison?.within();
  await note(0, people);
  const names = { left: data.names, right: data.names };
  const own = repeatedPhotos(set.census);
  const within = overlapMetrics({ place: 0, ...names, photos: own, people }, params);
  pictures.push(...(await putPictures(store, set, set, within)));
  const compared: ComparedSet[] = [];
  for (const [i, other] of others.entries()) {
    const place = i + 1;
    const census = await takeCensus(other, input);
    scores.push(...(await putCensus(store, place, census)));
    const found = await comparison?.between(other);
    await note(place, found);
    const photos = sharedPhotos(set.census, census);
    const overlap = overlapMetrics({ place, left: data.names, right: other.names, photos, people: found }, params);
    pictures.push(...(await putPictures(store, set, { set: other, census }, overlap)));
    compared.push(comparedMetrics(other, census, overlap));
  }
  const metrics: InspectionMetrics = {
    kind: 'inspection',
    ...setMetrics(data, set.census, params),
    ...(comparison && { threshold: comparison.threshold }),
    within: { ...within, acrossIdentities: own.acrossIdentities },
    others: compared,
  };
  return {
    metrics: await putMetrics(store, metrics, {}, pictures),
    scores: await scoresCodec.write(store, { inspected: 1 + others.length }, scores),
  };
};

/** Compares people by one recognizer. Keeps the centers of the inspected set. */
class Comparison {
  readonly threshold: number;
  readonly #embedder: Embedder;
  readonly #data: InspectedSet;
  readonly #listed: number;
  readonly #input: Input;
  #people: People | undefined;

  constructor(
    embedder: Embedder,
    data: InspectedSet,
    { threshold, listed }: { readonly threshold: number; readonly listed: number },
    input: Input,
  ) {
    this.#embedder = embedder;
    this.#data = data;
    this.threshold = threshold;
    this.#listed = listed;
    this.#input = input;
  }

  async within(): Promise<Matches> {
    return matchesWithin(await this.#own(), this.#embedder.size, this.#wanted, this.#input);
  }

  async between(other: InspectedSet): Promise<Matches> {
    return matchesBetween(this.#embedder, await this.#own(), await this.#load(other), this.#wanted, this.#input);
  }

  get #wanted() {
    return { threshold: this.threshold, listed: this.#listed };
  }

  async #own(): Promise<People> {
    this.#people ??= await centersOf(this.#embedder, await this.#load(this.#data), this.#input);
    return this.#people;
  }

  async #load({ label, set, ref, generatedImages }: InspectedSet): Promise<ToEmbed> {
    const name = set === undefined ? label : `${label}, ${set}`;
    // Packed: each image is needed once.
    const options = { ...loading(this.#input, `load ${name}`), budgetBytes: 0 };
    const { store } = this.#input;
    const images =
      set === undefined
        ? await loadDataset(store, ref, options)
        : (await loadBenchmark(store, ref, set, options)).images;
    return { images, phase: `embed ${name}`, ...(generatedImages !== undefined && { generatedImages }) };
  }
}
