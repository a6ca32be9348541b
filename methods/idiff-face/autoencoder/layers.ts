import { convParameters, normParameters, type Parameter } from '../../../nn/parameter.ts';
import type { AutoencoderConfig } from './config.ts';

/** One layer of the encoder or decoder, under the name that latent diffusion's code gives it. */
export type Layer =
  | { readonly type: 'conv'; readonly name: string; readonly kernel: 1 | 3; readonly from: number; readonly to: number }
  | { readonly type: 'residual'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly type: 'attention'; readonly name: string; readonly channels: number }
  | { readonly type: 'down' | 'up'; readonly name: string; readonly channels: number }
  /** A group norm and SiLU before the last convolution. */
  | { readonly type: 'last'; readonly name: string; readonly from: number; readonly to: number };

/** The codebook, [codes, channels], under its name in latent diffusion's code. */
export const codebookName = 'quantize.embedding.weight';

const widthsOf = ({ base, multipliers }: AutoencoderConfig): number[] => multipliers.map((each) => base * each);

const middle = (name: string, channels: number): Layer[] => [
  { type: 'residual', name: `${name}.mid.block_1`, from: channels, to: channels },
  { type: 'attention', name: `${name}.mid.attn_1`, channels },
  { type: 'residual', name: `${name}.mid.block_2`, from: channels, to: channels },
];

/** From images to latents that are not yet quantised. */
export const encoderLayers = (config: AutoencoderConfig): Layer[] => {
  const { base, blocks, channels } = config;
  const widths = widthsOf(config);
  const layers: Layer[] = [{ type: 'conv', name: 'encoder.conv_in', kernel: 3, from: 3, to: base }];
  let from = base;
  for (const [level, to] of widths.entries()) {
    for (let i = 0; i < blocks; i++) {
      layers.push({ type: 'residual', name: `encoder.down.${level}.block.${i}`, from, to });
      from = to;
    }
    if (level < widths.length - 1)
      layers.push({ type: 'down', name: `encoder.down.${level}.downsample.conv`, channels: to });
  }
  return [
    ...layers,
    ...middle('encoder', from),
    { type: 'last', name: 'encoder', from, to: channels },
    { type: 'conv', name: 'quant_conv', kernel: 1, from: channels, to: channels },
  ];
};

/** From codes to images. */
export const decoderLayers = (config: AutoencoderConfig): Layer[] => {
  const { blocks, channels } = config;
  const widths = widthsOf(config);
  let from = widths.at(-1) as number;
  const layers: Layer[] = [
    { type: 'conv', name: 'post_quant_conv', kernel: 1, from: channels, to: channels },
    { type: 'conv', name: 'decoder.conv_in', kernel: 3, from: channels, to: from },
    ...middle('decoder', from),
  ];
  for (let level = widths.length - 1; level >= 0; level--) {
    const to = widths[level] as number;
    for (let i = 0; i <= blocks; i++) {
      layers.push({ type: 'residual', name: `decoder.up.${level}.block.${i}`, from, to });
      from = to;
    }
    if (level > 0) layers.push({ type: 'up', name: `decoder.up.${level}.upsample.conv`, channels: to });
  }
  return [...layers, { type: 'last', name: 'decoder', from, to: 3 }];
};

/** Every parameter, in the order of the file: encoder, codebook, decoder. */
export const autoencoderParameters = (config: AutoencoderConfig): Parameter[] => [
  ...encoderParameters(config),
  ...decoderParameters(config),
];

/** What `encode` reads. */
export const encoderParameters = (config: AutoencoderConfig): Parameter[] =>
  encoderLayers(config).flatMap(parametersOf);

/** What `nearest` and `decode` read. Codes begin uniform within ±1 / codes, as latent diffusion's do. */
export const decoderParameters = (config: AutoencoderConfig): Parameter[] => {
  const { codes, channels } = config;
  const init = { type: 'uniform', bound: 1 / codes } as const;
  return [
    { name: codebookName, shape: [codes, channels], kind: 'vector', init },
    ...decoderLayers(config).flatMap(parametersOf),
  ];
};

const parametersOf = (layer: Layer): Parameter[] => {
  const { name } = layer;
  switch (layer.type) {
    case 'conv':
      return convParameters(name, layer.kernel, layer.from, layer.to);
    case 'down':
    case 'up':
      return convParameters(name, 3, layer.channels, layer.channels);
    case 'last':
      return [
        ...normParameters(`${name}.norm_out`, layer.from),
        ...convParameters(`${name}.conv_out`, 3, layer.from, layer.to),
      ];
    case 'attention':
      return [
        ...normParameters(`${name}.norm`, layer.channels),
        ...['q', 'k', 'v', 'proj_out'].flatMap((part) =>
          convParameters(`${name}.${part}`, 1, layer.channels, layer.channels),
        ),
      ];
    case 'residual': {
      const { from, to } = layer;
      return [
        ...normParameters(`${name}.norm1`, from),
        ...convParameters(`${name}.conv1`, 3, from, to),
        ...normParameters(`${name}.norm2`, to),
        ...convParameters(`${name}.conv2`, 3, to, to),
        ...(from === to ? [] : convParameters(`${name}.nin_shortcut`, 1, from, to)),
      ];
    }
  }
};
