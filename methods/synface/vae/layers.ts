import { convParameters, linearParameters, normParameters, type Parameter } from '../../../nn/parameter.ts';
import type { StoredParameter } from '../../../nn/weights.ts';
import { smallestMap, type VaeConfig } from './config.ts';

/** A convolution, group norm and SiLU of the encoder; all but the first halve the size. */
export interface EncoderLayer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly halves: boolean;
}

/** A residual block of the decoder; `doubles` where the map is first made twice as large. */
export interface DecoderBlock {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly doubles: boolean;
}

const widthsOf = ({ base, multipliers }: VaeConfig): number[] => multipliers.map((each) => base * each);

/** From the image in channels to the smallest map. One convolution a level: pose, light and background are coarse. */
export const encoderLayers = (config: VaeConfig): EncoderLayer[] => {
  const widths = widthsOf(config);
  return widths.map((to, level) => ({
    name: `encoder.level.${level}`,
    from: level === 0 ? 3 * config.patch ** 2 : (widths[level - 1] as number),
    to,
    halves: level > 0,
  }));
};

/** From the smallest map to the image in channels. */
export const decoderBlocks = (config: VaeConfig): DecoderBlock[] => {
  const widths = widthsOf(config).reverse();
  return widths.flatMap((to, level) =>
    Array.from({ length: config.blocks }, (_, i) => ({
      name: `decoder.level.${level}.block.${i}`,
      from: i === 0 && level > 0 ? (widths[level - 1] as number) : to,
      to,
      doubles: i === 0 && level > 0,
    })),
  );
};

/** Every parameter, in the order of the file. */
export const vaeParameters = (config: VaeConfig): StoredParameter[] => [
  ...encoderParameters(config),
  ...decoderParameters(config),
];

/** What `encode` reads. It begins with the prior: mean 0 and variance 1 of each latent. */
export const encoderParameters = (config: VaeConfig): StoredParameter[] => {
  const { hidden, identitySize, latent } = config;
  const [height, width, channels] = smallestMap(config);
  const [weight, bias] = linearParameters('encoder.map', height * width * channels, hidden) as [Parameter, Parameter];
  return [
    ...encoderLayers(config).flatMap(({ name, from, to }) => [
      ...convParameters(`${name}.conv`, 3, from, to),
      ...normParameters(`${name}.norm`, to),
    ]),
    { ...weight, flattened: [height, width, channels] },
    bias,
    ...linearParameters('encoder.identity', identitySize, hidden),
    ...linearParameters('encoder.mean', hidden, latent, true),
    ...linearParameters('encoder.log_variance', hidden, latent, true),
  ];
};

/** What `decode` reads. */
export const decoderParameters = (config: VaeConfig): Parameter[] => {
  const { hidden, identitySize, latent, base, patch } = config;
  const [height, width, channels] = smallestMap(config);
  return [
    ...linearParameters('decoder.latent', latent, hidden),
    ...linearParameters('decoder.identity', identitySize, hidden),
    ...linearParameters('decoder.hidden', hidden, hidden),
    ...linearParameters('decoder.map', hidden, height * width * channels),
    ...decoderBlocks(config).flatMap(({ name, from, to }) => [
      ...normParameters(`${name}.norm1`, from),
      ...convParameters(`${name}.conv1`, 3, from, to),
      ...linearParameters(`${name}.film`, hidden, 2 * to),
      ...normParameters(`${name}.norm2`, to),
      ...convParameters(`${name}.conv2`, 3, to, to),
      ...(from === to ? [] : convParameters(`${name}.shortcut`, 1, from, to)),
    ]),
    ...normParameters('decoder.norm_out', base * (config.multipliers[0] as number)),
    ...convParameters('decoder.conv_out', 3, base * (config.multipliers[0] as number), 3 * patch ** 2),
  ];
};
