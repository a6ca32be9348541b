import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { putEmbeddings, type StoredEmbeddings } from '../../artifacts/embeddings.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import { permutation } from '../../core/random.ts';
import type { StageKind } from '../../core/stage.ts';
import { generatedRows } from '../../data/images.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { fitGaussian, frechetMetrics } from '../../metrics/frechet.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/evaluate-frechet.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly reference: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly images: number;
}

/**
 * `evaluate/frechet`: Fréchet distance between Gaussians fitted to the embeddings of two sets. It is no FID: that is measured in
 * the space of one published Inception network, which cemiflow does not have.
 */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const { recognizer, precision } = params;
  return withEmbedder(store, recognizer, { view: 'plain', precision }, async (embedder) => {
    const data = await embedded('data', params, embedder, input);
    const reference = await embedded('reference', params, embedder, input);
    // Matrices of a few hundred numbers take seconds each: heartbeats leave in between.
    const fitted = async (set: StoredEmbeddings, step: number) => {
      await input.progress({ phase: 'fit Gaussians', step, steps: 2 });
      return fitGaussian(set.embeddings, set.size);
    };
    const gaussians = [await fitted(data, 0), await fitted(reference, 1)] as const;
    await input.progress({ phase: 'fit Gaussians', step: 2, steps: 2 });
    const spaces = { recognizer: recognizer.digest, reference: params.reference.digest };
    return {
      metrics: await putMetrics(store, frechetMetrics(...gaussians, spaces)),
      scores: await scoresCodec.write(
        store,
        {
          ...{ embedded: data.identity.length, referenceEmbedded: reference.identity.length },
          dimensions: embedder.size,
        },
        [...(await putEmbeddings(store, 'data', data)), ...(await putEmbeddings(store, 'reference', reference))],
      ),
    };
  });
};

/** Images of one of the two sets, drawn without replacement. Copies of inquiry images, added by oversampling, are left out. */
const embedded = async (
  name: 'data' | 'reference',
  params: Params,
  embedder: Embedder,
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
    embeddings: await embedder.embed(set, input, { rows, phase: `embed ${name}` }),
    size: embedder.size,
    identity: rows.map((row) => set.identities[row] as number),
    image: rows.map((row) => set.images[row] as number),
  };
};

const tooFew = (name: string, images: number): CemiflowError =>
  new CemiflowError('FrechetInvalid', `${name} must have at least 2 images to fit a Gaussian to, got ${images}`, {
    remedy: 'give a larger set: copies of inquiry images do not count',
    data: { images },
  });
