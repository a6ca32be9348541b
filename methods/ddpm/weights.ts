import type { Artifact } from '../../artifacts/codec.ts';
import { familyFields, type WeightsMeta, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { noiseFields, unetFields } from '../../training/diffusion/network-fields.ts';
import { unconditional } from './network.ts';

/** Not `unet`, whose weights have a condition. */
export const family = 'unet-unconditional';

/** What the weights of an unconditional generator say about themselves. */
export interface GeneratorMeta extends NoiseOptions {
  readonly network: UNetConfig & { readonly imageSize: number };
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const generatorMetaOf = (artifact: Artifact<WeightsMeta>): GeneratorMeta => ({
  network: { ...unetFields(familyFields(artifact, family)), ...unconditional },
  ...noiseFields(weightsFields(artifact)),
});
