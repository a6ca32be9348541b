import { putMetrics, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { decodePairScores, encodePairScores } from '../../artifacts/scores.ts';
import { type ActionRecord, actionKey, type Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { hexOf } from '../../core/digest.ts';
import { madeNodes } from '../../core/lineage.ts';
import { type PlanNode, toAction } from '../../core/plan.ts';
import { keepRun, openRun } from '../../engine/seal.ts';
import { verificationMetrics } from '../../metrics/verification.ts';
import type { ReportParams } from '../../report/block.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import type { RunDocument, Store } from '../../store/index.ts';

/**
 * Puts a better result in the place of a node's, as somebody would who knows every format: new artifacts under their own digests, the
 * records of the node and of the report that prints it, and a new root. Every link and hash is right afterwards.
 *
 * @param id node of `evaluate/verification` that only the report uses
 */
export const forge = async (
  store: Store,
  document: RunDocument,
  id: string,
  better: (outputs: Outputs) => Promise<Outputs>,
): Promise<void> => {
  const lineage = await openRun(store, { type: 'run', digest: document.root as RunDocument['root'] & string });
  const made = madeNodes(lineage);
  const outputs = new Map(made.map(({ node, record }) => [node.id, record.outputs]));
  const victim = made.find(({ node }) => node.id === id)?.record as ActionRecord;
  outputs.set(id, await better(victim.outputs));
  await replace(store, { ...victim, outputs: outputs.get(id) as Outputs });
  const { node, record } = made.find((each) => each.node.kind === 'report/build') as (typeof made)[number];
  const action = toAction(node as PlanNode, outputs);
  const { meta, files } = reportFiles(await readReport(action.params as unknown as ReportParams, store));
  const put = files.map(({ path, text, mediaType }) => store.putFile(path, Buffer.from(text), mediaType));
  const report = await store.putArtifact({ type: 'report', meta, files: await Promise.all(put) });
  const key = actionKey(action);
  await replace(store, { ...record, key, action, outputs: { report } });
  await keepRun(store, document, { ...document.nodes, [node.id]: { key } });
};

/** Leaves no trace of another record of the action. */
const replace = async (store: Store, record: ActionRecord): Promise<void> => {
  for (const key of await store.objects.list(`actions/${hexOf(record.key)}/`)) await store.objects.remove(key);
  await store.putRecord(record);
};

/** Metrics with an accuracy that the scores do not give. */
export const betterMetrics =
  (store: Store) =>
  async (outputs: Outputs): Promise<Outputs> => {
    const metrics = await readMetricsOf(store, outputs.metrics as ArtifactRef, verificationKind);
    const sets = Object.fromEntries(
      Object.entries(metrics.sets).map(([set, each]) => [set, { ...each, accuracy: 0.99 }]),
    );
    return { ...outputs, metrics: await putMetrics(store, { ...metrics, sets }) };
  };

/** Scores of a model that never errs, and the metrics that follow from them. */
export const betterScores =
  (store: Store) =>
  async (outputs: Outputs): Promise<Outputs> => {
    const { channels } = await readMetricsOf(store, outputs.metrics as ArtifactRef, verificationKind);
    const { files, meta } = await store.getArtifact(outputs.scores as ArtifactRef);
    const sets = await Promise.all(
      files.map(async ({ path, digest, mediaType }) => {
        const scores = decodePairScores(await store.getBlob(digest));
        const perfect = { ...scores, distance: scores.distance.map((_, i) => (scores.same[i] === 1 ? 0.5 : 3)) };
        const entry = await store.putFile(path, encodePairScores(perfect), mediaType);
        return { set: path.replace('.safetensors', ''), perfect, entry };
      }),
    );
    return {
      metrics: await putMetrics(
        store,
        verificationMetrics(
          sets.map(({ set, perfect, entry }) => [set, perfect, entry.digest] as const),
          channels && { channels },
        ),
      ),
      scores: await store.putArtifact({ type: 'scores', meta, files: sets.map(({ entry }) => entry) }),
    };
  };
