import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { isInception } from '../../artifacts/codecs/inception.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import { putEmbeddings, type StoredEmbeddings } from '../../artifacts/embeddings.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { permutation } from '../../core/random.ts';
import type { StageKind } from '../../core/stage.ts';
import { generatedRows } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { type FrechetMetrics, fittingGaussian, frechetMetrics, measuringFrechet } from '../../metrics/frechet.ts';
import { type Paused, withPauses } from '../../metrics/pauses.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InceptionEmbedder, withInception } from '../../training/inception.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { spaceOf } from './space.ts';

/** `schemas/stages/evaluate-frechet.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly reference: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly images: number;
}

/**
 * `evaluate/frechet`: Fréchet distance between Gaussians fitted to two sets, as a recognizer embeds their images, or as the Inception network of the FID
 * sees them. The latter alone is the literature's FID.
 */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const { recognizer, precision } = params;
  const weights = await weightsCodec.read(store, recognizer);
  const measured = (network: Network): Promise<Outputs> => measure(params, network, spaceOf(weights), input);
  return isInception(weights)
    ? withInception(store, weights, { precision }, measured)
    : withEmbedder(store, recognizer, { view: 'plain', precision }, measured);
};

/** What images are embedded by. */
type Network = Pick<Embedder | InceptionEmbedder, 'size' | 'embed'>;

const measure = async (
  params: Params,
  network: Network,
  space: Pick<FrechetMetrics, 'space'>,
  input: InputContext<CopyRecipe>,
): Promise<Outputs> => {
  const { store } = input;
  const data = await embedded('data', params, network, input);
  const reference = await embedded('reference', params, network, input);
  // Matrices of a few hundred numbers take seconds, those of Inception's 2048 a minute and more: heartbeats leave in between.
  const during = <T>(step: number, work: Paused<T>): Promise<T> =>
    withPauses(work, () => input.progress({ phase: 'fit Gaussians', step, steps: 3 }));
  const gaussians = [
    await during(0, fittingGaussian(data.embeddings, data.size)),
    await during(1, fittingGaussian(reference.embeddings, reference.size)),
  ] as const;
  const distance = await during(2, measuringFrechet(...gaussians));
  await input.progress({ phase: 'fit Gaussians', step: 3, steps: 3 });
  const of = { ...space, recognizer: params.recognizer.digest, reference: params.reference.digest };
  return {
    metrics: await putMetrics(store, frechetMetrics(...gaussians, distance, of)),
    scores: await scoresCodec.write(
      store,
      {
        ...{ embedded: data.identity.length, referenceEmbedded: reference.identity.length },
        dimensions: network.size,
      },
      [...(await putEmbeddings(store, 'data', data)), ...(await putEmbeddings(store, 'reference', reference))],
    ),
  };
};

/** Images of one of the two sets, drawn without replacement. Copies of inquiry images, added by oversampling, are left out. */
const embedded = async (
  name: 'data' | 'reference',
  params: Params,
  network: Network,
  input: InputContext<CopyRecipe>,
): Promise<StoredEmbeddings> => {
  const { store, seed } = input;
  const { meta } = await datasetCodec.read(store, params[name]);
  // Packed: each image is needed once.
  const set = await loadDataset(store, params[name], { ...loading(input, `load ${name}`), budgetBytes: 0 });
  const candidates = generatedRows(set, meta.generatedImages);
  if (candidates.length < 2) throw tooFew(name, candidates.length);
  // Drawn by the place in the set alone, so that every set is compared with the same images of the reference.
  const drawn = permutation(candidates.length, seed, 'frechet', name).slice(0, params.images).sort();
  const rows = drawn.map((at) => candidates[at] as number);
  return {
    embeddings: await network.embed(set, input, { rows, phase: `embed ${name}` }),
    size: network.size,
    identity: rows.map((row) => set.identities[row] as number),
    image: rows.map((row) => set.images[row] as number),
  };
};

const tooFew = (name: string, images: number): CemiflowError =>
  new CemiflowError('FrechetInvalid', `${name} must have at least 2 images to fit a Gaussian to, got ${images}`, {
    remedy: 'give a larger set: copies of inquiry images do not count',
    data: { images },
  });
