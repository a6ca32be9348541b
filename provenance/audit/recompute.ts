import { shardsOf, unpackShard } from '../../artifacts/dataset.ts';
import { decodeImageScores, decodeNearest, decodePairScores, imagesFile, nearestFile } from '../../artifacts/scores.ts';
import type { ActionRecord } from '../../core/action.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import type { Checkout } from '../../engine/checkout.ts';
import { privacyMetrics } from '../../metrics/privacy.ts';
import { similarityMetrics } from '../../metrics/similarity.ts';
import { type VerificationMetrics, verificationMetrics } from '../../metrics/verification.ts';
import type { Reading } from '../reading.ts';
import { textOf } from '../trace/numbers.ts';
import type { Ledger, Problem } from './result.ts';

/** How the numbers of an artifact were had again. */
export type Recomputed =
  | 'from pair scores'
  | 'from similarities of images'
  | 'from nearest real identities'
  | 'counted in the images';

type Remake = (record: ActionRecord, store: Reading) => Promise<{ readonly metrics: object; readonly how: Recomputed }>;

interface PrivacyParams {
  readonly real: ArtifactRef;
  readonly metrics: ArtifactRef;
  readonly set: string;
}

/** Stage kinds whose metrics follow from stored scores. */
const remakes: { readonly [kind: string]: Remake } = {
  'evaluate/verification': async ({ outputs }, store) => {
    const { files, meta } = await store.getArtifact(outputs.scores as ArtifactRef);
    const sets = (meta.sets as string[]).map((set) => {
      const file = files.find(({ path }) => path === `${set}.safetensors`);
      if (file) return { set, digest: file.digest };
      throw new CemiflowError('ScoresInvalid', `there are no scores of ${set}`, { remedy: 'evaluate again' });
    });
    const read = sets.map(
      async ({ set, digest }) => [set, decodePairScores(await store.getBlob(digest)), digest] as const,
    );
    return { metrics: verificationMetrics(await Promise.all(read)), how: 'from pair scores' };
  },
  'evaluate/similarity': async ({ outputs }, store) => {
    const [file] = (await store.getArtifact(outputs.scores as ArtifactRef)).files;
    if (!file) throw new CemiflowError('ScoresInvalid', 'there are no scores', { remedy: 'evaluate again' });
    const scores = decodeImageScores(await store.getBlob(file.digest));
    return { metrics: similarityMetrics(scores), how: 'from similarities of images' };
  },
  'evaluate/privacy': async ({ action, outputs }, store) => {
    const { real, metrics, set } = action.params as unknown as PrivacyParams;
    const { files, meta } = await store.getArtifact(outputs.scores as ArtifactRef);
    const read = async (path: string): Promise<Buffer> => {
      const file = files.find((each) => each.path === path);
      if (file) return store.getBlob(file.digest);
      throw new CemiflowError('ScoresInvalid', `there is no ${path}`, { remedy: 'evaluate again' });
    };
    const verification = JSON.parse(await textOf(store, metrics, 'metrics.json')) as VerificationMetrics;
    const options = {
      set,
      distance: verification.sets[set]?.threshold as number,
      realIdentities: meta.realIdentities as number,
      fromInquiries: real.type === 'inquiries',
    };
    const images = decodeImageScores(await read(imagesFile)).similarity;
    return {
      metrics: privacyMetrics(decodeNearest(await read(nearestFile)), images, options),
      how: 'from nearest real identities',
    };
  },
};

/**
 * Computes all metrics again that need no GPU, and counts what datasets say of their size.
 *
 * @returns how each artifact was had again; those that could not be, or came out otherwise, are left out
 */
export const recomputeMetrics = async (
  lineage: Lineage,
  store: Reading,
  ledger: Ledger,
  checkout: Checkout,
): Promise<Map<Digest, Recomputed>> => {
  const had = new Map<Digest, Recomputed>();
  const work = { store, ledger, checkout, had };
  for (const { node, record } of madeNodes(lineage)) {
    const remake = remakes[record.action.kind];
    if (remake) await recompute(node.id, record, remake, work);
    for (const ref of record.action.kind === 'report/build' ? artifactRefsIn(record.action.params) : [])
      if ((ref.type === 'dataset' || ref.type === 'inquiries') && !had.has(ref.digest)) await countImages(ref, work);
  }
  return had;
};

interface Work {
  readonly store: Reading;
  readonly ledger: Ledger;
  readonly checkout: Checkout;
  readonly had: Map<Digest, Recomputed>;
}

const recompute = async (where: string, record: ActionRecord, remake: Remake, work: Work): Promise<void> => {
  const { outputs } = record;
  const { store, ledger, checkout, had } = work;
  const what = 'metrics computed again';
  const ref = outputs.metrics as ArtifactRef;
  await guarded(where, what, ledger, async () => {
    const stored = await textOf(store, ref, 'metrics.json');
    const { metrics, how } = await remake(record, store);
    const same = canonicalJson(metrics as JsonObject) === stored;
    if (same) had.set(ref.digest, how);
    const message = `its metrics ${ref.digest} are not what its scores give`;
    ledger.note(what, same ? undefined : await unlikeHere(record, { where, message }, checkout));
  });
};

/** What came out otherwise counts against a run only where the code that it was made by is here. */
export const unlikeHere = async (
  record: ActionRecord,
  { where, message }: Omit<Problem, 'fault'>,
  checkout: Checkout,
): Promise<Problem> => {
  const other = await checkout.differsFrom(record);
  return other
    ? { fault: 'not verifiable', where, message: `${message} here: ${other}` }
    : { fault: 'not reproduced', where, message };
};

/** The sizes that the report prints. */
const countImages = async (ref: ArtifactRef, { store, ledger, had }: Work): Promise<void> => {
  const what = 'datasets counted';
  const where = `${ref.type} ${ref.digest}`;
  await guarded(where, what, ledger, async () => {
    const { files, meta } = await store.getArtifact(ref);
    const identities = new Set<number>();
    let images = 0;
    for (const { path, digest } of shardsOf(files))
      for (const { identity } of unpackShard(await store.getBlob(digest), path)) {
        identities.add(identity);
        images += 1;
      }
    const same = meta.identities === identities.size && meta.images === images;
    if (same) had.set(ref.digest, 'counted in the images');
    const message = `it states ${meta.identities} identities and ${meta.images} images, its shards hold ${identities.size} and ${images}`;
    ledger.note(what, same ? undefined : { fault: 'not reproduced', where, message });
  });
};

/** What cannot be read cannot be computed: that it is damaged is told where it was rehashed. */
const guarded = async (where: string, what: string, ledger: Ledger, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    ledger.note(what, { fault: 'not verifiable', where, message: `cannot be computed again: ${error.message}` });
  }
};
