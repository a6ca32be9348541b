import { recognizerOf } from '../../../artifacts/codecs/recognizer.ts';
import { readWeights, weightsCodec, writeWeights } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { Digest } from '../../../core/digest.ts';
import { CemiflowError } from '../../../core/errors.ts';
import { type ArtifactStore, placeOf, type StageKind } from '../../../core/stage.ts';
import type { SafeTensors } from '../../../formats/safetensors.ts';
import { withWeights } from '../../../formats/weights/open.ts';
import type { TensorFile } from '../../../formats/weights/tensor-file.ts';
import { type RecognizerConfig, squareSide } from '../../../nn/recognizer/config.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { matchTensors } from '../../../training/import/match.ts';
import { misfit } from '../../../training/import/misfit.ts';
import { importReport, readMatched } from '../../../training/import/read.ts';
import { requireUnchanged } from '../../../training/import/unchanged.ts';
import { conditionStatistics } from '../condition.ts';
import type { DcFaceNetwork } from '../config.ts';
import { dcfaceParameters } from '../parameters.ts';
import { styleChannels } from '../style.ts';
import { family } from '../weights.ts';
import { type GeneratorFile, generatorFile, recognizerPrefix, unetPrefixes } from './names.ts';
import { refuseOtherNetworks } from './refuse.ts';

/** `schema.json` */
interface Params {
  readonly recognizer: ArtifactRef;
  readonly weights: keyof typeof unetPrefixes;
  readonly network: Omit<UNetConfig, 'imageSize' | 'conditionSize' | 'conditionProjection'>;
  readonly timesteps: number;
  readonly trainedOn: string;
  readonly licence: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `dcface/import`: takes in DCFace's published generator, or one that its code trained. */
export const stage: StageKind<Params> = {
  async run(params, context) {
    const { store } = context;
    const { recognizer, timesteps, trainedOn, licence } = params;
    const path = placeOf(context, 'path');
    const { config, tensors: frozen } = await recognizerFor(store, recognizer);
    return withWeights(path, async (file) => {
      const own = generatorFile(file, params.weights);
      requireParts(own, params.weights);
      const network = networkOf(own, params, config);
      refuseOtherNetworks(own, network);
      const parameters = [...dcfaceParameters(network), ...conditionStatistics(network)];
      const match = matchTensors(own.tensors, parameters, '');
      const fault = misfit(match, own.tensors, { network: 'this generator', strict: true });
      if (fault) throw fault;
      await requireSameRecognizer(file, frozen);
      const tensors = await readMatched(own, parameters, match, (step) =>
        context.progress({ phase: 'read weights', step, steps: parameters.length }),
      );
      await requireUnchanged(path, params.content);
      const matched = new Map([...match.matched.keys()].map((name) => [name, own.names.get(name) as string]));
      const prefix = unetPrefixes[params.weights];
      const { counts, names } = importReport(file, { ...match, prefix, matched, beside: own.beside });
      const report = await store.putFile('import.json', Buffer.from(JSON.stringify(names)), 'application/json');
      const meta = {
        network: { family, ...networkObject(network) },
        ...{ imageSize: network.imageSize, timesteps, recognizer: recognizer.digest },
        imported: { ...counts, trainedOn, licence },
      };
      return { weights: await writeWeights(store, tensors, meta, [report]) };
    });
  },
};

/** @throws CemiflowError `WeightsMismatch` where it reads colours in another order than the published code gives them */
const recognizerFor = async (
  store: ArtifactStore,
  ref: ArtifactRef,
): Promise<{ readonly config: RecognizerConfig; readonly tensors: SafeTensors }> => {
  const artifact = await weightsCodec.read(store, ref);
  const { config } = recognizerOf(artifact);
  if (config.channels !== 'bgr')
    throw new CemiflowError('WeightsMismatch', `the recognizer must read bgr, as DCFace's do, got ${config.channels}`, {
      remedy: 'import it with channels: bgr',
      data: { recognizer: ref.digest },
    });
  return { config, tensors: await readWeights(store, artifact) };
};

/** @throws CemiflowError `WeightsMismatch` where the file holds no such copy of the UNet, or no style */
const requireParts = ({ names }: GeneratorFile, weights: Params['weights']): void => {
  const refuse = (what: string, remedy: string): never => {
    throw new CemiflowError('WeightsMismatch', `the file must be a checkpoint of DCFace: it holds no ${what}`, {
      remedy,
    });
  };
  const other = weights === 'average' ? 'last' : 'average';
  if (!names.has('time_embed.0.weight'))
    refuse(`UNet under ${unetPrefixes[weights]}`, `name the file of the generator, or set weights to ${other}`);
  if (!names.has(positionName)) refuse(positionName, 'name the file of the generator with its encoders');
};

const positionName = 'external_mapping.pos_emb_0.0';

/** The network of the file: sizes as given, the grid as the file's tokens tell it, the rest as the recognizer has it. */
const networkOf = ({ tensors }: TensorFile, { network }: Params, config: RecognizerConfig): DcFaceNetwork => {
  const tokens = tensors.find(({ name }) => name === positionName)?.shape[0] ?? 0;
  const grid = Math.sqrt(tokens - 1);
  if (!Number.isInteger(grid) || grid < 1)
    throw new CemiflowError('WeightsMismatch', `${positionName} must hold k² + 1 tokens, got ${tokens}`, {
      remedy: 'take in a checkpoint of DCFace with styles by patches (external_mapping v4 or v4_dropout)',
    });
  return {
    ...network,
    ...{
      imageSize: squareSide(config),
      conditionSize: config.embedding,
      conditionProjection: 'shared',
      identity: config,
    },
    // Sampling drops nothing, and no name tells the rate.
    style: { channels: styleChannels(config), grid, dropout: 0 },
  };
};

/** Where the file holds the frozen recognizer, it must be the one given: styles mean nothing in another's map. */
const requireSameRecognizer = async (file: TensorFile, frozen: SafeTensors): Promise<void> => {
  for (const { name } of file.tensors) {
    const own = name.startsWith(recognizerPrefix) ? frozen[name.slice(recognizerPrefix.length)] : undefined;
    if (!own) continue;
    const values = await file.values(name);
    if (values.length === own.data.length && values.every((value, i) => value === own.data[i])) continue;
    throw new CemiflowError(
      'WeightsMismatch',
      `the recognizer is not the one that the generator saw styles by: ${name} differs`,
      {
        remedy: `import it from the same file by recognizer/import, with prefix: ${recognizerPrefix}`,
        data: { tensor: name },
      },
    );
  }
};
