import { CemiflowError } from '../../../core/errors.ts';
import type { ListedTensor } from '../../../formats/weights/tensor-file.ts';

/** What the names of the autoencoder's tensors begin with; a discriminator and a perceptual network have others. */
const ofAutoencoder = /^(encoder|decoder|quantize|quant_conv|post_quant_conv)\./;

/** How the tensors of a file belong to an autoencoder. */
export interface AutoencoderNames {
  readonly taken: readonly ListedTensor[];
  /** What its loss was made with, or a whole latent diffusion model around it. */
  readonly beside: readonly string[];
}

/** @param prefix what the file puts before the autoencoder's names */
export const autoencoderNames = (tensors: readonly ListedTensor[], prefix: string): AutoencoderNames => {
  const isOwn = ({ name }: ListedTensor): boolean =>
    name.startsWith(prefix) && ofAutoencoder.test(name.slice(prefix.length));
  return { taken: tensors.filter(isOwn), beside: tensors.filter((tensor) => !isOwn(tensor)).map(({ name }) => name) };
};

/** What latent diffusion's code can build and this network is not, as names tell it. */
const foreign: readonly { readonly names: RegExp; readonly what: string }[] = [
  { names: /^(en|de)coder\.(down|up)\.\d+\.attn\./, what: 'its levels have attention (attn_resolutions)' },
  { names: /\.conv_shortcut\./, what: 'its shortcuts are convolutions of 3 × 3 (conv_shortcut)' },
  { names: /\.temb_proj\./, what: 'its blocks see a time' },
  { names: /^quantize\.(embed|proj)\./, what: 'its codes are drawn (Gumbel)' },
];

/** @param taken under our names, without the prefix @throws CemiflowError `WeightsMismatch` */
export const refuseOtherAutoencoders = (taken: readonly ListedTensor[]): void => {
  const refuse = (what: string): never => {
    throw new CemiflowError('WeightsMismatch', `the file is of another autoencoder: ${what}`, {
      remedy: "take in a VQ autoencoder of latent diffusion's code, such as vq-f4",
    });
  };
  for (const { names, what } of foreign) {
    const found = taken.find(({ name }) => names.test(name));
    if (found) refuse(`${what}; it has ${found.name}`);
  }
  const isPart = (name: string): boolean => taken.some((each) => each.name === name);
  if (isPart('encoder.conv_out.weight') && isPart('decoder.conv_in.weight') && !isPart('quantize.embedding.weight'))
    refuse('it has no codebook (quantize.embedding.weight), as those with a KL loss');
};
