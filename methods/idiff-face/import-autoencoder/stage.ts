import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { Outputs } from '../../../core/action.ts';
import type { Digest } from '../../../core/digest.ts';
import { placeOf, type StageKind } from '../../../core/stage.ts';
import { withWeights } from '../../../formats/weights/open.ts';
import type { TensorFile } from '../../../formats/weights/tensor-file.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { bestPrefix } from '../../../training/import/match.ts';
import { misfit } from '../../../training/import/misfit.ts';
import { importReport, matchUnder, readMatched, requireOnePrefix } from '../../../training/import/read.ts';
import { requireUnchanged } from '../../../training/import/unchanged.ts';
import type { AutoencoderConfig } from '../autoencoder/config.ts';
import { autoencoderParameters } from '../autoencoder/layers.ts';
import { family } from '../autoencoder/weights.ts';
import { autoencoderNames, refuseOtherAutoencoders } from './names.ts';

/** `schema.json` */
interface Params {
  readonly network: AutoencoderConfig;
  readonly prefix: string;
  readonly trainedOn: string;
  readonly licence: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `idiff-face/import-autoencoder`: takes in latent diffusion's VQ autoencoder, whole or as the two files that IDiff-Face loads. */
export const stage: StageKind<Params> = {
  async run({ network, prefix, trainedOn, licence, content }, context) {
    const { store } = context;
    const path = placeOf(context, 'path');
    const parameters = autoencoderParameters(network);
    const take = async (file: TensorFile): Promise<Outputs> => {
      const before = prefix === 'auto' ? bestPrefix(file.tensors, parameters) : prefix;
      const { taken, beside } = autoencoderNames(file.tensors, before);
      refuseOtherAutoencoders(taken.map(({ name, ...rest }) => ({ ...rest, name: name.slice(before.length) })));
      const match = matchUnder(taken, parameters, before);
      const fault = misfit(match, file.tensors, { network: 'this autoencoder', strict: true });
      if (fault) throw fault;
      requireOnePrefix(file.tensors, parameters, prefix);
      const tensors = await readMatched(file, parameters, match, (step) =>
        context.progress({ phase: 'read weights', step, steps: parameters.length }),
      );
      await requireUnchanged(path, content);
      const { counts, names } = importReport(file, { ...match, beside });
      const report = await store.putFile('import.json', Buffer.from(JSON.stringify(names)), 'application/json');
      const meta = {
        network: { family, ...networkObject(network) },
        imported: { ...counts, trainedOn, licence },
      };
      return { weights: await writeWeights(store, tensors, meta, [report]) };
    };
    return withWeights(path, take, { several: true });
  },
};
