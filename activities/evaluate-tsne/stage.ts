import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { scoresCodec } from '../../artifacts/codecs/scores.ts';
import { putEmbeddings, type StoredEmbeddings } from '../../artifacts/embeddings.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { firstOfEach, generatedRows } from '../../data/images.ts';
import { loadInquiries, requireInquiry, requireSpace } from '../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { loadDataset } from '../../data/loader/load.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { type InputContext, loading, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { inquiriesOf, mapOf, type SetParams, type TsneParams } from './map.ts';

type Params = TsneParams & PrecisionOption;
type Input = InputContext<CopyRecipe>;

/** `evaluate/tsne`: embeddings of the first identities of several sets, and of their inquiries, in one map of two dimensions. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

/** Time and memory grow with the square: so many points take a minute or so, and more than a figure can show. */
const mostPoints = 1500;

const run = async (params: Params, input: Input): Promise<Outputs> => {
  const { store } = input;
  const { recognizer, precision, iterations } = params;
  const embedded = await withEmbedder(store, recognizer, { view: 'plain', precision }, async (embedder) => {
    const sets: StoredEmbeddings[] = [];
    for (const each of params.sets) sets.push(await embeddedSet(each, params, embedder, input));
    const inquiries: StoredEmbeddings[] = [];
    for (const ref of inquiriesOf(params)) {
      const generated = sets.filter((_, i) => params.sets[i]?.inquiries?.digest === ref.digest);
      const identities = [...new Set(generated.flatMap(({ identity }) => [...identity]))].sort((a, b) => a - b);
      inquiries.push(await embeddedInquiries(ref, Int32Array.from(identities), params, embedder, input));
    }
    return { sets, inquiries };
  });
  const points = [...embedded.sets, ...embedded.inquiries].reduce((sum, { identity }) => sum + identity.length, 0);
  if (points > mostPoints) throw tooMany(points);
  const metrics = await mapOf(params, embedded, (step) => input.progress({ phase: 'map', step, steps: iterations }));
  const files = await Promise.all([
    ...embedded.sets.map((each, i) => putEmbeddings(store, `set-${i}`, each)),
    ...embedded.inquiries.map((each, i) => putEmbeddings(store, `inquiries-${i}`, each)),
  ]);
  const counts = { mappedSets: embedded.sets.length, mappedInquiries: embedded.inquiries.length };
  return {
    metrics: await putMetrics(store, metrics),
    scores: await scoresCodec.write(store, counts, files.flat()),
  };
};

/** The first generated images of the first identities. */
const embeddedSet = async (
  { label, data }: SetParams,
  { identities, images }: Params,
  embedder: Embedder,
  input: Input,
): Promise<StoredEmbeddings> => {
  const { meta } = await datasetCodec.read(input.store, data);
  // Packed: each image is needed once.
  const set = await loadDataset(input.store, data, { ...loading(input, `load ${label}`), budgetBytes: 0 });
  const wanted = generatedRows(set, meta.generatedImages).filter((row) => (set.labels[row] as number) < identities);
  const rows = firstOfEach(set, wanted, images);
  return {
    embeddings: await embedder.embed(set, input, { rows, phase: `embed ${label}` }),
    size: embedder.size,
    identity: rows.map((row) => set.identities[row] as number),
    image: rows.map((row) => set.images[row] as number),
  };
};

/** Inquiry images by the recognizer of the map; vectors as they are. @param identities int32, those that are in the map */
const embeddedInquiries = async (
  ref: ArtifactRef,
  identities: Int32Array,
  { recognizer }: Params,
  embedder: Embedder,
  input: Input,
): Promise<StoredEmbeddings> => {
  const inquiries = await loadInquiries(input.store, ref, loading(input, 'load inquiries'));
  for (const identity of identities) requireInquiry(inquiries, identity);
  const { pictures, embeddings, embeddingSize: size } = inquiries;
  const of = { size: embedder.size, identity: identities, image: new Int32Array(identities.length) };
  if (pictures !== undefined) {
    const rows = identities.map((identity) => inquiries.rows[identity] as number);
    return { ...of, embeddings: await embedder.embed(pictures, input, { rows, phase: 'embed inquiries' }) };
  }
  requireSpace(ref, inquiries, recognizer.digest, 'map with the recognizer that the vectors were made with');
  const vectors = [...identities].flatMap((row) => [...embeddings.subarray(row * size, (row + 1) * size)]);
  return { ...of, embeddings: Float32Array.from(vectors) };
};

const tooMany = (points: number): CemiflowError =>
  new CemiflowError('TsneInvalid', `a map may have ${mostPoints} points, got ${points} images and inquiries`, {
    remedy: 'lower identities or images, or map fewer sets together',
    data: { points, most: mostPoints },
  });
