import { putMetrics, readMetricsOf } from '../../artifacts/codecs/metrics.ts';
import type { SelectionMetrics } from '../../artifacts/codecs/metrics-kinds.ts';
import { verificationKind } from '../../artifacts/codecs/metrics-verification.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { ArtifactStore, StageKind } from '../../core/stage.ts';

interface Labelled {
  readonly matrix: JsonObject;
  readonly artifact: ArtifactRef;
}

/** `schemas/stages/recognizer-select.schema.json` */
interface Params {
  readonly recognizers: readonly Labelled[];
  readonly metrics: readonly Labelled[];
  readonly by: string;
}

/** `recognizer/select`: the recognizer that verifies best, the first of equals. */
export const stage: StageKind<Params> = {
  async run({ recognizers, metrics, by }, { store }) {
    const byMatrix = new Map(metrics.map(({ matrix, artifact }) => [canonicalJson(matrix), artifact]));
    const candidates: { matrix: JsonObject; artifact: ArtifactRef; value: number }[] = [];
    for (const { matrix, artifact } of recognizers) {
      const measured = byMatrix.get(canonicalJson(matrix));
      if (!measured) throw unmatched(matrix);
      candidates.push({ matrix, artifact, value: await accuracyIn(store, measured, by) });
    }
    const [first] = candidates;
    if (!first) throw unmatched({});
    const best = candidates.reduce((top, each) => (each.value > top.value ? each : top), first);
    const { meta, files } = await weightsCodec.read(store, best.artifact);
    const selection = { by, chosen: best.matrix, candidates: candidates.length };
    const network = { family: meta.family, ...meta.network };
    const choice: SelectionMetrics = {
      kind: 'selection',
      ...{ by, chosen: best.matrix },
      candidates: candidates.map(({ matrix, value }) => ({ matrix, value })),
    };
    return {
      weights: await weightsCodec.write(store, { ...meta.more, network, selection }, files),
      choice: await putMetrics(store, choice),
    };
  },
};

const accuracyIn = async (store: ArtifactStore, ref: ArtifactRef, by: string): Promise<number> => {
  const { average, sets } = await readMetricsOf(store, ref, verificationKind);
  const value = by === 'average' ? average : sets[by]?.accuracy;
  if (typeof value === 'number') return value;
  throw new CemiflowError('SelectionInvalid', `metrics ${ref.digest} hold no accuracy of ${by}`, {
    remedy: `name average or one of ${Object.keys(sets).join(', ')}`,
    data: { by, metrics: ref.digest },
  });
};

const unmatched = (matrix: JsonObject): CemiflowError =>
  new CemiflowError('SelectionInvalid', `the recognizer at ${canonicalJson(matrix)} has no metrics`, {
    remedy: 'give recognizers and metrics of stages with the same matrix',
    data: { matrix },
  });
