import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { putNearest, scoresCodec } from '../../artifacts/codecs/scores.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { firstOfEach, generatedRows, type ImageSet } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { privacyMetrics, requireStrangers } from '../../metrics/privacy.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';
import { factsOf } from './facts.ts';
import { Remembered, remembering } from './remembered.ts';
import { enrol, type Probes, search } from './search.ts';
import { refuseKnownStrangers } from './strangers.ts';

/** `schemas/stages/evaluate-privacy.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly real: ArtifactRef;
  readonly strangers: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly fpir: number;
}

/** `evaluate/privacy`: how often a search returns a real person, for generated identities and for strangers. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

/** 100,000 images and their embeddings of 512 numbers. */
const remembered = new Remembered(200 * 2 ** 20);

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  await refuseKnownStrangers(store, params);
  // Packed: each image is needed once, and not at all where its embedding is remembered.
  const load = (ref: ArtifactRef) => loadDataset(store, ref, { ...loading(input), budgetBytes: 0 });
  const [data, people] = [await load(params.data), await load(params.strangers)];
  requireStrangers(people.classes, params.fpir);
  const { meta } = await datasetCodec.read(store, params.data);
  const probes = equalProbes({ set: data, rows: generatedRows(data, meta.generatedImages) }, everyImage(people));
  const real = await load(params.real);
  // The view of verification: the sum of the embeddings of an image and its mirror image.
  const { recognizer, precision } = params;
  const view = 'both';
  return withEmbedder(store, recognizer, { view, precision }, async (loaded) => {
    const embedder = remembering(loaded, remembered, {
      space: `${recognizer.digest} ${view} ${precision}`,
      sets: new Map([
        [data, params.data.digest],
        [people, params.strangers.digest],
        [real, params.real.digest],
      ]),
    });
    const gallery = await enrol(embedder, real, input);
    const generated = await search(embedder, probes.generated, gallery, input, { phase: 'search generated images' });
    const strangers = await search(embedder, probes.strangers, gallery, input, {
      phase: 'search images of strangers',
    });
    const { imagesPerIdentity } = probes;
    const options = { fpir: params.fpir, realIdentities: real.classes, imagesPerIdentity };
    const metrics = privacyMetrics({ generated, strangers }, { ...options, ...(await factsOf(store, params)) });
    const written = {
      ...{ identities: data.classes, images: probes.generated.rows.length, realIdentities: real.classes },
      ...{ strangers: people.classes, strangerImages: probes.strangers.rows.length, imagesPerIdentity },
    };
    return {
      metrics: await putMetrics(store, metrics),
      scores: await scoresCodec.write(store, written, [
        ...(await putNearest(store, 'generated', generated)),
        ...(await putNearest(store, 'strangers', strangers)),
      ]),
    };
  });
};

const everyImage = (set: ImageSet): Probes => ({ set, rows: Int32Array.from(set.labels.keys()) });

/**
 * The first images of every identity, equally many of all: as many as the identity with the fewest has. A mean over more images
 * lies nearer to its person, so that other numbers would compare unlike probes.
 */
const equalProbes = (
  generated: Probes,
  strangers: Probes,
): { readonly generated: Probes; readonly strangers: Probes; readonly imagesPerIdentity: number } => {
  const imagesPerIdentity = Math.min(fewestImages(generated), fewestImages(strangers));
  const first = (probes: Probes): Probes => ({
    ...probes,
    rows: firstOfEach(probes.set, probes.rows, imagesPerIdentity),
  });
  return { generated: first(generated), strangers: first(strangers), imagesPerIdentity };
};

const fewestImages = ({ set, rows }: Probes): number => {
  const counts = new Int32Array(set.classes);
  for (const row of rows) counts[set.labels[row] as number] = (counts[set.labels[row] as number] as number) + 1;
  const fewest = counts.reduce((low, count) => Math.min(low, count), Number.POSITIVE_INFINITY);
  if (fewest >= 1) return fewest;
  throw new CemiflowError('PrivacyInvalid', 'every identity must have an image that was generated, one has none', {
    remedy: 'data: a set with images: 1 or more, beside the copies of inquiry images',
  });
};
