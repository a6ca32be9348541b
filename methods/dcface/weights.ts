import type { Artifact } from '../../artifacts/codec.ts';
import { recognizerConfigOf } from '../../artifacts/codecs/recognizer.ts';
import { familyFields, type WeightsMeta, weightsFields } from '../../artifacts/codecs/weights.ts';
import type { Digest } from '../../core/digest.ts';
import type { NoiseOptions } from '../../nn/diffusion/schedule.ts';
import { noiseFields, unetFields } from '../../training/diffusion/network-fields.ts';
import type { DcFaceNetwork } from './config.ts';

export const family = 'dcface';

/** What the weights of DCFace's generator say about themselves. */
export interface GeneratorMeta extends NoiseOptions {
  readonly network: DcFaceNetwork;
  /** Digest of the weights of the frozen recognizer, whose map styles are read from. */
  readonly recognizer: Digest;
}

/** @throws CemiflowError `ArtifactInvalid` if the weights are of another network, or a field is damaged */
export const generatorMetaOf = (artifact: Artifact<WeightsMeta>): GeneratorMeta => {
  const network = familyFields(artifact, family);
  const more = weightsFields(artifact);
  const style = network.object('style');
  return {
    network: {
      ...unetFields(network),
      conditionSize: network.integer('conditionSize', { from: 1 }),
      conditionProjection: network.oneOf('conditionProjection', ['shared', 'block']),
      identity: recognizerConfigOf(network.object('identity')),
      style: {
        channels: style.integer('channels', { from: 1 }),
        grid: style.integer('grid', { from: 1 }),
        dropout: style.number('dropout', { from: 0, to: 1 }),
      },
    },
    ...noiseFields(more),
    recognizer: more.digest('recognizer'),
  };
};
