import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { ranksFile, scoresCodec } from '../../artifacts/codecs/scores.ts';
import { encodeRanks } from '../../artifacts/scores.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { Centers } from '../../metrics/centers.ts';
import { identificationMetrics, rankOf } from '../../metrics/identification.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { eachRowOfCosines } from '../../nn/cosines.ts';
import { embedBlocks } from '../../training/embed-blocks.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { type Labelled, type Named, splitOne, splitTwo } from './split.ts';

/** `schemas/stages/evaluate-identification.schema.json` */
interface Params extends PrecisionOption {
  readonly recognizer: ArtifactRef;
  readonly gallery: ArtifactRef;
  /** Absent: the images of `gallery` that are not enrolled. */
  readonly probes?: ArtifactRef;
  readonly galleryImages: number;
}

/** `evaluate/identification`: how often the most similar person of a gallery is the right one. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

type Input = InputContext<CopyRecipe>;

const run = async (params: Params, input: Input): Promise<Outputs> => {
  const { store } = input;
  const { recognizer, precision, galleryImages } = params;
  const named = async (ref: ArtifactRef): Promise<Named> => ({
    ref,
    set: await loadDataset(store, ref, { ...loading(input), budgetBytes: 0 }),
  });
  const gallery = await named(params.gallery);
  const split = params.probes
    ? await splitTwo(store, gallery, await named(params.probes))
    : await splitOne(store, gallery, galleryImages);
  // The view of verification: the sum of the embeddings of an image and its mirror image.
  return withEmbedder(store, recognizer, { view: 'both', precision }, async (embedder) => {
    const centers = new Centers(split.people, embedder.size);
    const { gallery: enrolled } = split;
    const enrolling = { phase: 'embed the gallery', rows: enrolled.rows };
    await embedBlocks(embedder, enrolled.set, input, enrolling, (block, embeddings) =>
      centers.add(enrolled.set.labels, block, embeddings),
    );
    const probes = withMate(split.probes);
    const found = await ranksOf(embedder, probes, centers.unit(), input);
    const { set, rows } = probes;
    const entry = await store.putFile(
      ranksFile,
      encodeRanks({
        ...found,
        identity: rows.map((row) => set.identities[row] as number),
        image: rows.map((row) => set.images[row] as number),
      }),
      'application/octet-stream',
    );
    const withoutMate = split.probes.rows.length - rows.length;
    const facts = { gallery: split.people, galleryImages: params.probes ? 0 : galleryImages, withoutMate };
    return {
      metrics: await putMetrics(store, identificationMetrics(found.rank, { channels: embedder.channels, ...facts })),
      scores: await scoresCodec.write(store, { ...facts, probes: rows.length }, [entry]),
    };
  });
};

/** Probes whose person is in the gallery. */
const withMate = ({ set, rows, people }: Labelled): Labelled => ({
  set,
  rows: rows.filter((_, i) => (people[i] as number) >= 0),
  people: people.filter((person) => person >= 0),
});

const ranksOf = async (
  embedder: Embedder,
  probes: Labelled,
  gallery: Float32Array,
  input: Input,
): Promise<{ readonly rank: Int32Array; readonly similarity: Float32Array }> => {
  const rank = new Int32Array(probes.rows.length);
  const similarity = new Float32Array(probes.rows.length);
  let done = 0;
  await embedBlocks(
    embedder,
    probes.set,
    input,
    { phase: 'embed the probes', rows: probes.rows },
    (rows, embeddings) => {
      eachRowOfCosines(embeddings, gallery, embedder.size, (i, cosines) => {
        const own = probes.people[done + i] as number;
        rank[done + i] = rankOf(cosines, own);
        similarity[done + i] = cosines[own] as number;
      });
      done += rows.length;
    },
  );
  return { rank, similarity };
};
