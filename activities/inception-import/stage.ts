import { inceptionFamily } from '../../artifacts/codecs/inception.ts';
import { writeWeights } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { withWeights } from '../../formats/weights/open.ts';
import { inceptionParameters } from '../../nn/inception/layout.ts';
import { misfit } from '../../training/import/misfit.ts';
import { importReport, readMatched, requireOnePrefix } from '../../training/import/read.ts';
import { requireUnchanged } from '../../training/import/unchanged.ts';
import { matchInception } from './match.ts';

/** `schemas/stages/inception-import.schema.json` */
interface Params {
  readonly trainedOn: string;
  readonly licence: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `inception/import`: takes in the weights of the network that the FID is measured with. */
export const stage: StageKind<Params> = {
  async run({ trainedOn, licence, content }, context) {
    const { store } = context;
    const path = placeOf(context, 'path');
    return withWeights(path, async (file) => {
      const match = matchInception(file.tensors);
      const fault = misfit(match, file.tensors, { network: 'the Inception network of the FID', strict: true });
      if (fault) throw fault;
      requireOnePrefix(file.tensors, inceptionParameters, 'auto');
      const tensors = await readMatched(file, inceptionParameters, match, (step) =>
        context.progress({ phase: 'read weights', step, steps: inceptionParameters.length }),
      );
      await requireUnchanged(path, content);
      const { counts, names } = importReport(file, match);
      const report = await store.putFile('import.json', Buffer.from(JSON.stringify(names)), 'application/json');
      const meta = { network: { family: inceptionFamily }, imported: { ...counts, trainedOn, licence } };
      return { weights: await writeWeights(store, tensors, meta, [report]) };
    });
  },
};
