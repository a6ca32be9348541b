import { readWeights, weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import type { Tensors } from '../../nn/tf.ts';
import { fromSafetensors, type StoredParameter, storedShape } from '../../nn/weights.ts';
import { matchTensors } from '../import/match.ts';
import { misfit } from '../import/misfit.ts';

/** Family of weights that `diffusion/import` took in: a UNet alone, which no stage can sample from. */
export const initialFamily = 'unet-imported';

/** Weights that a training starts from. The caller disposes `tensors`. */
export interface Initial {
  /** In our layout, by name. */
  readonly tensors: Tensors;
  /** Parameters of the condition that the weights do not hold: these start as in any training. */
  readonly fresh: readonly string[];
}

/** What takes the condition in: no published UNet has CemiFace's, and many have none. */
const ofCondition = /^condition\.|^cross_attn_adapter\.|\.encoder_kv\.|^(label|external)_mapping\./;

/** guided-diffusion's UNets with learned variance give it behind the noise: twice as many channels, of which ours has the first. */
const last = ['out.2.weight', 'out.2.bias'];

/**
 * Loads the weights that a denoiser's training starts from: a generator of cemiflow's, or what `diffusion/import` took in.
 *
 * @throws CemiflowError `WeightsMismatch` where parameters other than those of the condition are missing, or tensors do not fit
 */
export const loadInitial = async (
  store: ArtifactStore,
  ref: ArtifactRef,
  parameters: readonly StoredParameter[],
): Promise<Initial> => {
  const artifact = await weightsCodec.read(store, ref);
  if (!artifact.meta.family.startsWith('unet')) {
    throw new CemiflowError('WeightsMismatch', `initial must be a UNet, got a ${artifact.meta.family}`, {
      remedy: 'name the weights of diffusion/train or diffusion/import',
      data: { weights: ref.digest },
    });
  }
  const stored = withoutVariance(await readWeights(store, artifact), parameters);
  const listed = Object.entries(stored).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  const match = matchTensors(listed, parameters, '');
  const missing = match.missing.filter((name) => !ofCondition.test(name));
  const fault = misfit({ ...match, missing }, listed, { network: 'this UNet', strict: true });
  if (fault) throw fault;
  const held = parameters.filter(({ name }) => match.matched.has(name));
  return { tensors: fromSafetensors(withOurShapes(stored, held), held), fresh: match.missing };
};

const withoutVariance = (
  stored: { readonly [name: string]: SafeTensor },
  parameters: readonly StoredParameter[],
): { readonly [name: string]: SafeTensor } => {
  const images = parameters.find(({ name }) => name === 'out.2.bias')?.shape[0] ?? 0;
  const halved = last.flatMap((name): [string, SafeTensor][] => {
    const tensor = stored[name];
    if (tensor?.shape[0] !== 2 * images) return [];
    const { data, shape, dtype } = tensor;
    return [[name, { dtype, shape: [images, ...shape.slice(1)], data: data.slice(0, data.length / 2) }]];
  });
  return { ...stored, ...Object.fromEntries(halved) };
};

/** Axes of length 1 apart, shapes have been found to fit. */
const withOurShapes = (
  stored: { readonly [name: string]: SafeTensor },
  parameters: readonly StoredParameter[],
): { readonly [name: string]: SafeTensor } =>
  Object.fromEntries(
    parameters.map((parameter) => {
      const tensor = stored[parameter.name] as SafeTensor;
      return [parameter.name, { ...tensor, shape: storedShape(parameter) }];
    }),
  );
