import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { ImageSet } from '../../data/images.ts';
import { saveInquiries } from '../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { selectApart } from '../../metrics/similarity.ts';
import { type InputContext, loadSet, withInput } from '../../training/input.ts';
import { withEmbedder } from '../../training/recognizer.ts';

/** `schemas/stages/inquiry-select.schema.json` */
interface Params {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly count: number;
  readonly maxSimilarity: number;
  readonly imagesPerIdentity: number;
}

/** `inquiry/select`: one image for each subject to come, every pair less similar than the limit. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const data = await loadSet(input, params.data);
  const candidates = firstImages(data, params.imagesPerIdentity);
  const { embeddings, size } = await withEmbedder(store, params.recognizer, 'plain', async (embedder) => ({
    embeddings: await embedder.embed(data, input, { rows: candidates }),
    size: embedder.size,
  }));
  const chosen = selectApart(embeddings, size, params);
  if (chosen.length < params.count) throw tooFew(chosen.length, candidates.length, params);
  const rows = Int32Array.from(chosen, (candidate) => candidates[candidate] as number);
  const set = {
    count: chosen.length,
    embeddingSize: size,
    pictures: data,
    rows,
    embeddings: gatherRows(embeddings, chosen, size),
    identities: rows.map((row) => data.identities[row] as number),
    images: rows.map((row) => data.images[row] as number),
  };
  return { inquiries: await saveInquiries(store, set, { maxSimilarity: params.maxSimilarity }) };
};

/** The first images of every identity, in the order of the set. @returns int32, their rows */
const firstImages = ({ identities }: ImageSet, perIdentity: number): Int32Array => {
  const seen = new Map<number, number>();
  const rows = [...identities.keys()].filter((row) => {
    const identity = identities[row] as number;
    const before = seen.get(identity) ?? 0;
    seen.set(identity, before + 1);
    return before < perIdentity;
  });
  return Int32Array.from(rows);
};

/** Rows of a matrix, `size` values each, in the given order. */
const gatherRows = (from: Float32Array, rows: readonly number[], size: number): Float32Array => {
  const to = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) to.set(from.subarray(row * size, (row + 1) * size), i * size);
  return to;
};

const tooFew = (found: number, candidates: number, { count, maxSimilarity }: Params): CemiflowError =>
  new CemiflowError(
    'TooFewInquiries',
    `${plural(count, 'inquiry', 'inquiries')} with pairwise similarity below ${maxSimilarity} required, ${plural(candidates, 'candidate')} gave ${found}`,
    {
      remedy: `set count to ${found} or less, raise maxSimilarity, or give more candidates`,
      data: { found, count, candidates, maxSimilarity },
    },
  );
