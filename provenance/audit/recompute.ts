import { countImages, datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { inquiriesCodec, readInquiryRows } from '../../artifacts/codecs/inquiries.ts';
import { metricsFile } from '../../artifacts/codecs/metrics.ts';
import type { ActionRecord } from '../../core/action.ts';
import { type ArtifactRef, artifactRefsIn } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import { type Lineage, madeNodes } from '../../core/lineage.ts';
import type { Recompute } from '../../core/recompute.ts';
import { plural } from '../../core/words.ts';
import type { Checkout } from '../../engine/checkout.ts';
import { loadRecompute } from '../../engine/registry.ts';
import type { Reading } from '../reading.ts';
import { roleOf } from '../roles.ts';
import { textOf } from '../trace/numbers.ts';
import type { Ledger, Problem } from './result.ts';

/** What the numbers of an artifact were recomputed from, for people. */
export type Recomputed = string;

/**
 * Computes all metrics again that need no GPU, and counts what datasets say of their size.
 *
 * @returns what each artifact was recomputed from; those that could not be, or came out otherwise, are left out
 */
export const recomputeMetrics = async (
  lineage: Lineage,
  store: Reading,
  ledger: Ledger,
  checkout: Checkout,
): Promise<Map<Digest, Recomputed>> => {
  const found = new Map<Digest, Recomputed>();
  const work = { store, ledger, checkout, found };
  for (const { node, record } of madeNodes(lineage)) {
    const recompute = await loadRecompute(record.action.kind);
    if (recompute) await compare(node.id, record, recompute, work);
    for (const ref of roleOf({ record }) === 'report' ? artifactRefsIn(record.action.params) : [])
      if ((ref.type === 'dataset' || ref.type === 'inquiries') && !found.has(ref.digest)) await count(ref, work);
  }
  return found;
};

interface Work {
  readonly store: Reading;
  readonly ledger: Ledger;
  readonly checkout: Checkout;
  readonly found: Map<Digest, Recomputed>;
}

const compare = async (where: string, record: ActionRecord, recompute: Recompute, work: Work): Promise<void> => {
  const { store, ledger, checkout, found } = work;
  const what = 'metrics computed again';
  await guarded(where, what, ledger, async () => {
    const { output, metrics, from } = await recompute(record, store);
    const ref = record.outputs[output] as ArtifactRef;
    const same = canonicalJson(metrics as JsonObject) === (await storedText(ref, store));
    if (same) found.set(ref.digest, from);
    const message = `its ${ref.type} ${ref.digest} are not what its scores give`;
    ledger.note(what, same ? undefined : await unlikeHere(record, { where, message }, checkout));
  });
};

/** Metrics are a file; other artifacts state their numbers in the manifest. */
const storedText = async (ref: ArtifactRef, store: Reading): Promise<string> =>
  ref.type === 'metrics' ? textOf(store, ref, metricsFile) : canonicalJson((await store.getArtifact(ref)).meta);

/** A difference counts against a run only where this checkout has the code that made it. */
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
const count = async (ref: ArtifactRef, { store, ledger, found }: Work): Promise<void> => {
  const what = 'datasets counted';
  const where = `${ref.type} ${ref.digest}`;
  await guarded(where, what, ledger, async () => {
    const { meta, identities, images } = await counted(ref, store);
    const same = meta.identities === identities && meta.images === images;
    if (same) found.set(ref.digest, 'counted in the images');
    const message = `it states ${plural(meta.identities, 'identity', 'identities')} and ${plural(meta.images, 'image')}, its shards hold ${identities} and ${images}`;
    ledger.note(what, same ? undefined : { fault: 'not reproduced', where, message });
  });
};

/** What the manifest states, and what its shards hold. Inquiries that are vectors have none; reading them checks their number. */
const counted = async (ref: ArtifactRef, store: Reading) => {
  if (ref.type !== 'inquiries') {
    const artifact = await datasetCodec.read(store, ref);
    return { meta: artifact.meta, ...(await countImages(artifact, store)) };
  }
  const artifact = await inquiriesCodec.read(store, ref);
  if (artifact.meta.origin === 'images') return { meta: artifact.meta, ...(await countImages(artifact, store)) };
  const { count } = await readInquiryRows(store, artifact, artifact.meta.identities);
  return { meta: artifact.meta, identities: count, images: 0 };
};

/** What cannot be read cannot be computed. The check that rehashed it reports the damage itself. */
const guarded = async (where: string, what: string, ledger: Ledger, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    ledger.note(what, { fault: 'not verifiable', where, message: `cannot be computed again: ${error.message}` });
  }
};
