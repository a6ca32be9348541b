import type { Artifact } from '../../artifacts/codec.ts';
import { familyFields, type WeightsMeta, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { unetFields } from '../../training/diffusion/network-fields.ts';
import { unconditional } from './network.ts';

/** Not `unet`, whose weights have a condition. */
export const family = 'unet-unconditional';

/** What the weights of an unconditional generator say about themselves. */
export interface GeneratorMeta {
  readonly network: UNetConfig & { readonly imageSize: number };
  /** Steps of the noise schedule that it was trained with. */
  readonly timesteps: number;
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const generatorMetaOf = (artifact: Artifact<WeightsMeta>): GeneratorMeta => ({
  network: { ...unetFields(familyFields(artifact, family)), ...unconditional },
  timesteps: weightsFields(artifact).integer('timesteps', { from: 1 }),
});
