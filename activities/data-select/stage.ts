import { type Candidate, chooseBest } from '../../artifacts/choice.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import type { StageKind } from '../../core/stage.ts';

/** `schemas/stages/data-select.schema.json` */
interface Params {
  readonly sets: readonly Candidate[];
  readonly metrics: readonly Candidate[];
  readonly by: string;
}

/** `data/select`: the dataset that trains best, as it is: what learned from it already counts as having learned from the chosen one. */
export const stage: StageKind<Params> = {
  async run({ sets, metrics, by }, { store }) {
    const { best, choice } = await chooseBest(sets, metrics, by, store);
    await datasetCodec.read(store, best);
    return { data: best, choice: await putMetrics(store, choice) };
  },
};
