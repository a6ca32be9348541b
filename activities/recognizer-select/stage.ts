import { type Candidate, chooseBest } from '../../artifacts/choice.ts';
import { putMetrics } from '../../artifacts/codecs/metrics.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { StageKind } from '../../core/stage.ts';

/** `schemas/stages/recognizer-select.schema.json` */
interface Params {
  readonly recognizers: readonly Candidate[];
  readonly metrics: readonly Candidate[];
  readonly by: string;
}

/** `recognizer/select`: the recognizer that verifies best, the first of equals. */
export const stage: StageKind<Params> = {
  async run({ recognizers, metrics, by }, { store }) {
    const { best, choice } = await chooseBest(recognizers, metrics, by, store);
    const { meta, files } = await weightsCodec.read(store, best);
    const selection = { by, chosen: choice.chosen, candidates: recognizers.length };
    const network = { family: meta.family, ...meta.network };
    return {
      weights: await weightsCodec.write(store, { ...meta.more, network, selection }, files),
      choice: await putMetrics(store, choice),
    };
  },
};
