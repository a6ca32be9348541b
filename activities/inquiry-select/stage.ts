import { type MeasuredThreshold, measuredThreshold } from '../../artifacts/threshold.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore, StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import type { ImageSet } from '../../data/images.ts';
import { saveInquiries } from '../../data/inquiries.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { ApartSelection } from '../../metrics/apart.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import type { View } from '../../nn/recognizer/view.ts';
import { type InputContext, loadSet, withInput } from '../../training/input.ts';
import { type Embedder, withEmbedder } from '../../training/recognizer.ts';
import { type Against, Resembling } from './resembling.ts';

/** `schemas/stages/inquiry-select.schema.json` */
interface Params extends PrecisionOption {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly count: number;
  readonly maxSimilarity: number;
  readonly threshold: MeasuredThreshold | null;
  readonly imagesPerIdentity: number;
  /** Default none. */
  readonly against?: readonly Against[];
}

/** `inquiry/select`: one image for each subject to come, every pair less similar than the limit. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

/**
 * Candidates that are embedded before they are looked at: whole batches of the embedder. More where they are compared with images,
 * which are read from disk for each block.
 */
const blockCandidates = (against: readonly Against[]): number =>
  against.some(({ by }) => by === 'images') ? 8192 : 256;

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const { count, recognizer, precision, against = [] } = params;
  const { maxSimilarity, view } = await limitOf(params, store);
  const data = await loadSet(input, params.data);
  const candidates = firstImages(data, params.imagesPerIdentity);
  const { chosen, size } = await withEmbedder(store, recognizer, { view, precision }, async (embedder) => {
    const selection = new ApartSelection(embedder.size, { count, maxSimilarity });
    const resembling = await Resembling.of(against, embedder, input);
    const block = blockCandidates(against);
    await offerAll({ selection, resembling, embedder }, { set: data, rows: candidates, block }, input);
    return { chosen: selection, size: embedder.size };
  });
  if (!chosen.isEnough) throw tooFew(chosen.taken.length, candidates.length, count, maxSimilarity);
  const rows = Int32Array.from(chosen.taken, (candidate) => candidates[candidate] as number);
  const set = {
    ...{ count, embeddingSize: size, origin: 'images' as const, pictures: data, rows },
    embeddings: chosen.embeddings,
    identities: rows.map((row) => data.identities[row] as number),
    images: rows.map((row) => data.images[row] as number),
  };
  const compared = against.map(({ data: { digest }, ...bound }, i) => ({
    ...{ data: digest, ...bound },
    leftOut: chosen.leftOut[i] ?? 0,
  }));
  const facts = {
    ...{ recognizer: recognizer.digest, maxSimilarity, candidates: chosen.seen },
    ...(against.length > 0 && { against: compared }),
  };
  return { inquiries: await saveInquiries(store, set, facts) };
};

/** The limit, and the view of images in which cosines are compared with it: a measured threshold holds in the view of its verification. */
const limitOf = async (
  { maxSimilarity, threshold, recognizer }: Params,
  store: ArtifactStore,
): Promise<{ readonly maxSimilarity: number; readonly view: View }> => {
  if (threshold === null) return { maxSimilarity, view: 'plain' };
  const { cosine } = await measuredThreshold(store, threshold, recognizer.digest);
  return { maxSimilarity: cosine, view: 'both' };
};

/** Embeds candidates block by block, until enough are chosen. */
const offerAll = async (
  { selection, resembling, embedder }: Choice,
  { set, rows: candidates, block }: { readonly set: ImageSet; readonly rows: Int32Array; readonly block: number },
  input: InputContext<CopyRecipe>,
): Promise<void> => {
  for (let from = 0; from < candidates.length && !selection.isEnough; from += block) {
    const rows = candidates.slice(from, from + block);
    const phase = `embed candidates ${from + 1} to ${from + rows.length} of ${candidates.length}`;
    const embeddings = await embedder.embed(set, input, { rows, phase });
    selection.offer(embeddings, resembling.firstSets(embeddings));
  }
};

/** What candidates are chosen by. */
interface Choice {
  readonly selection: ApartSelection;
  readonly resembling: Resembling;
  readonly embedder: Embedder;
}

/** The first images of every identity, in the order of the set. @returns int32, their rows */
const firstImages = ({ identities }: ImageSet, perIdentity: number): Int32Array => {
  const seen = new Map<number, number>();
  return Int32Array.from(identities, (_, row) => row).filter((row) => {
    const identity = identities[row] as number;
    const before = seen.get(identity) ?? 0;
    seen.set(identity, before + 1);
    return before < perIdentity;
  });
};

const tooFew = (found: number, candidates: number, count: number, maxSimilarity: number): CemiflowError =>
  new CemiflowError(
    'TooFewInquiries',
    `${plural(count, 'inquiry', 'inquiries')} with pairwise similarity below ${Number(maxSimilarity.toFixed(4))} required, ${plural(candidates, 'candidate')} gave ${found}`,
    {
      remedy: `set count to ${found} or less, give more candidates, or allow a higher similarity`,
      data: { found, count, candidates, maxSimilarity },
    },
  );
