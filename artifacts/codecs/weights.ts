import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import type { SafeTensors } from '../../formats/safetensors.ts';
import { type Artifact, type ArtifactReader, defineCodec, readable } from '../codec.ts';
import { Fields } from '../fields.ts';
import { artifactInvalid } from '../invalid.ts';
import { getTensors, putTensors } from '../tensors.ts';

/** What is known of a network's weights, whatever the network is. */
export interface WeightsMeta {
  /** Which code builds the network from its configuration: `recognizer`, `unet`, … */
  readonly family: string;
  /** The configuration, unchecked: `familyFields` reads it. */
  readonly network: JsonObject;
  /** Everything else that was said of the weights, unchecked: `weightsFields` reads it. */
  readonly more: JsonObject;
}

export type WeightsWritten = JsonObject & { readonly network: JsonObject & { readonly family: string } };

export const weightsCodec = defineCodec<WeightsMeta, WeightsWritten>({
  type: 'weights',
  versions: [
    (fields) => {
      const { network, ...more } = fields.whole;
      const { family, ...config } = fields.object('network').whole;
      return { family: fields.object('network').string('family'), network: config, more };
    },
  ],
});

/** Stores a network's tensors, and what is known of them. @param more files beside them @throws CemiflowError `NotFinite` */
export const writeWeights = async (
  store: ArtifactStore,
  tensors: SafeTensors,
  meta: WeightsWritten,
  more: readonly FileEntry[] = [],
): Promise<ArtifactRef> => weightsCodec.write(store, meta, [...(await putModel(store, tensors)), ...more]);

const stem = 'model';

/** As `model.safetensors`, or as several files where one blob is too small. */
const putModel = (store: ArtifactStore, tensors: SafeTensors): Promise<FileEntry[]> => putTensors(store, stem, tensors);

/** Every tensor, by name. @throws CemiflowError `ArtifactInvalid` */
export const readWeights = (store: ArtifactReader, artifact: Artifact<WeightsMeta>): Promise<SafeTensors> =>
  readable(artifact, `${stem}.safetensors`, () => getTensors(store, artifact, stem));

/**
 * The configuration of a network as checked fields, for the code that builds networks of this family.
 *
 * @throws CemiflowError `ArtifactInvalid` where the weights are of another family
 */
export const familyFields = ({ ref, meta }: Artifact<WeightsMeta>, family: string): Fields => {
  const place = { ...ref, path: 'meta.network' };
  if (meta.family !== family) throw artifactInvalid(place, 'family', { required: family, found: meta.family });
  return new Fields(meta.network, place);
};

/** What was said of the weights beside their network, as checked fields. */
export const weightsFields = ({ ref, meta }: Artifact<WeightsMeta>): Fields =>
  new Fields(meta.more, { ...ref, path: 'meta' });

/** Every tensor of a weights artifact, by name. @throws CemiflowError `ArtifactInvalid`, and the store's */
export const loadWeights = async (store: ArtifactReader, ref: ArtifactRef): Promise<SafeTensors> =>
  readWeights(store, await weightsCodec.read(store, ref));
