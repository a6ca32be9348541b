import { recognizerNetwork } from '../../artifacts/codecs/recognizer.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { withWeights } from '../../formats/weights/open.ts';
import type { RecognizerConfig } from '../../nn/recognizer/config.ts';
import { recognizerParameters } from '../../nn/recognizer/layout.ts';
import { importReport, readMatched } from '../../training/import/read.ts';
import { requireUnchanged } from '../../training/import/unchanged.ts';
import { chooseNetwork, type NetworkParams } from './network.ts';

/** `schemas/stages/recognizer-import.schema.json` */
interface Params {
  readonly channels: RecognizerConfig['channels'];
  readonly network: NetworkParams;
  readonly prefix: string;
  readonly strict: boolean;
  readonly trainedOn: string;
  readonly licence: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `recognizer/import`: takes in weights that somebody else trained. */
export const stage: StageKind<Params> = {
  async run({ network, trainedOn, licence, content, ...options }, context) {
    const { store } = context;
    const path = placeOf(context, 'path');
    return withWeights(path, async (file) => {
      const { config, match } = chooseNetwork(file.tensors, network, options);
      const parameters = recognizerParameters(config);
      const tensors = await readMatched(file, parameters, match, (step) =>
        context.progress({ phase: 'read weights', step, steps: parameters.length }),
      );
      await requireUnchanged(path, content);
      const { counts, names } = importReport(file, match);
      const report = Buffer.from(JSON.stringify(names));
      const described = recognizerNetwork(config);
      const meta = {
        network: described,
        imageSize: described.imageSize,
        imported: { ...counts, trainedOn, licence },
      };
      const reportFile = await store.putFile('import.json', report, 'application/json');
      return { weights: await writeWeights(store, tensors, meta, [reportFile]) };
    });
  },
};
