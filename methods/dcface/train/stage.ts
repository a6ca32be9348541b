import { writeWeights } from '../../../artifacts/codecs/weights.ts';
import { putTrainingLog } from '../../../artifacts/training-log.ts';
import type { Outputs } from '../../../core/action.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import type { StageKind } from '../../../core/stage.ts';
import { type CopyRecipe, maker as copies } from '../../../data/loader/copies.ts';
import { initialise } from '../../../nn/parameters.ts';
import { embed } from '../../../nn/recognizer/backbone.ts';
import { squareSide } from '../../../nn/recognizer/config.ts';
import { type Tensors, tf } from '../../../nn/tf.ts';
import { loadInitial } from '../../../training/diffusion/initial.ts';
import type {
  DiffusionMethod,
  DiffusionOptions,
  GridOptions,
  SampleGrid,
  SampleSource,
} from '../../../training/diffusion/method.ts';
import { networkObject } from '../../../training/diffusion/network-fields.ts';
import { trainDiffusion } from '../../../training/diffusion/train.ts';
import { IdentityTable } from '../../../training/identity-table.ts';
import { type InputContext, loadSet, withInput } from '../../../training/input.ts';
import { type LoadedRecognizer, loadRecognizer, requireImageSize } from '../../../training/recognizer.ts';
import { conditionStatistics, isOfCondition } from '../condition.ts';
import type { DcFaceNetwork, StyleConfig } from '../config.ts';
import { dcfaceGrid } from '../grid.ts';
import { asIdentity } from '../identity.ts';
import { dcfaceLoss } from '../loss.ts';
import { dcfaceDenoiser } from '../network.ts';
import { dcfaceSamples, type ListOptions, subjectLists } from '../pairs.ts';
import { styleChannels, styleMap, styleStatistics } from '../style.ts';
import { family } from '../weights.ts';

/** `schema.json` */
interface Params extends DiffusionOptions, ListOptions {
  readonly data: ArtifactRef;
  readonly recognizer: ArtifactRef;
  readonly initial?: ArtifactRef;
  readonly network: Omit<DcFaceNetwork, 'imageSize' | 'identity' | 'style' | 'conditionSize'>;
  readonly style: Omit<StyleConfig, 'channels'>;
  readonly recompute: boolean;
  readonly lambda: number;
  readonly flip: boolean;
  readonly samples: GridOptions | null;
}

/** `dcface/train`: G_mix, DCFace's dual condition generator. */
export const stage: StageKind<Params> = {
  run: (params, context) => withInput(context, copies, (input) => run(params, input)),
};

const run = async (params: Params, input: InputContext<CopyRecipe>): Promise<Outputs> => {
  const { store } = input;
  const recognizer = await loadRecognizer(store, params.recognizer);
  const network = networkOf(params, recognizer);
  const statistics = initialise(styleStatistics(network.identity.embedding), input.seed);
  let start: Tensors = {};
  try {
    const data = await loadSet(input, params.data);
    requireImageSize(recognizer, data);
    // What is refused is refused before hours of embedding.
    const denoiser = dcfaceDenoiser(network, { recompute: params.recompute });
    const initial = params.initial && (await loadInitial(store, params.initial, denoiser.parameters));
    start = initial?.tensors ?? {};
    if (initial)
      input.log(`starts from ${params.initial?.digest}; without a value there: ${initial.fresh.join(', ') || 'none'}`);
    const { precision, flip } = params;
    const table = await IdentityTable.of(input, data, recognizer, { mirrored: flip, precision });
    const samples = dcfaceSamples(data.labels, subjectLists(data.labels, data.classes, table, params), table, flip);
    const grid = params.samples && dcfaceGrid(params.samples, data, recognizer, network);
    const method = methodOf(params, { network, denoiser, recognizer, samples, start, statistics, grid });
    const { weights, log } = await trainDiffusion(input, data, method, params);
    return {
      weights: await writeWeights(store, weights, {
        network: { family, ...networkObject(network) },
        imageSize: network.imageSize,
        timesteps: params.timesteps,
        snrFactor: params.snrFactor,
        data: params.data.digest,
        recognizer: params.recognizer.digest,
        ...(params.initial && { initial: params.initial.digest }),
      }),
      log: await putTrainingLog(store, log),
    };
  } finally {
    tf.dispose([recognizer.weights, statistics, start]);
  }
};

const networkOf = ({ network, style }: Params, { config }: LoadedRecognizer): DcFaceNetwork => ({
  ...network,
  imageSize: squareSide(config),
  conditionSize: config.embedding,
  identity: config,
  style: { ...style, channels: styleChannels(config) },
});

interface Parts {
  readonly network: DcFaceNetwork;
  readonly denoiser: DiffusionMethod['denoiser'];
  readonly recognizer: LoadedRecognizer;
  readonly samples: SampleSource;
  readonly start: Tensors;
  /** First running statistics of E_sty. */
  readonly statistics: Tensors;
  readonly grid: SampleGrid | null;
}

/** E_id begins as the frozen recognizer, its running statistics as well. */
const methodOf = (
  { lambda, timesteps }: Params,
  { network, denoiser, recognizer, samples, start, statistics, grid }: Parts,
): DiffusionMethod => {
  const identity = asIdentity(recognizer.weights);
  const remembered = conditionStatistics(network);
  return {
    ...{ denoiser, samples, frozen: recognizer.weights },
    initial: { ...named(identity, denoiser.parameters), ...start },
    statistics: { parameters: remembered, initial: { ...named(identity, remembered), ...statistics } },
    last: isOfCondition,
    ...(grid && { grid }),
    loss: dcfaceLoss({
      ...{ network, denoiser, lambda, timesteps },
      embed: (frozen, images) => embed(frozen, images, recognizer.config),
      styleMap: (frozen, images) => styleMap(frozen, images, recognizer.config),
    }),
  };
};

/** The tensors that are among the parameters. */
const named = (tensors: Tensors, parameters: readonly { readonly name: string }[]): Tensors =>
  Object.fromEntries(
    parameters.flatMap(({ name }) => (tensors[name] ? [[name, tensors[name]] as const] : [])),
  ) as Tensors;
