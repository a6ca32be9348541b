import { CemiflowError } from '../../core/errors.ts';
import { convParameters, linearParameters, normParameters, type Parameter } from '../parameter.ts';
import { headsOf, type UNetConfig, unetShape } from './config.ts';

/** One layer of the UNet, under the name that guided-diffusion gives it. */
export type Block =
  | { readonly type: 'conv'; readonly name: string; readonly from: number; readonly to: number }
  | {
      readonly type: 'residual';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      readonly resample: 'none' | 'down' | 'up';
    }
  | { readonly type: 'attention'; readonly name: string; readonly channels: number };

/** The projection of condition tokens that all attention blocks share, under DCFace's name. */
export const sharedProjection = 'cross_attn_adapter';

/** An attention block's own projection of condition tokens, under guided-diffusion's name for it. */
export const blockProjection = ({ name }: Block): string => `${name}.encoder_kv`;

/** The UNet's blocks in order: outputs of `input` entries are kept and concatenated into `output` entries in reverse. */
export interface Layout {
  readonly input: readonly Block[][];
  readonly middle: readonly Block[];
  readonly output: readonly Block[][];
  readonly timeSize: number;
  readonly lastChannels: number;
}

/** Expands a configuration into blocks (guided-diffusion's construction with residual up- and down-sampling). */
export const layoutOf = (config: UNetConfig): Layout => {
  checkConfig(config);
  const input: Block[][] = [[{ type: 'conv', name: 'input_blocks.0.0', from: inputChannels(config), to: config.base }]];
  const kept: number[] = [config.base];
  const halved: boolean[] = [];
  let channels = config.base;
  let sides = unetShape(config)
    .slice(0, 2)
    .map((side) => side / config.patch);
  config.multipliers.forEach((multiplier, level) => {
    for (let i = 0; i < config.blocks; i++) {
      const name = `input_blocks.${input.length}`;
      const to = multiplier * config.base;
      const blocks: Block[] = [{ type: 'residual', name: `${name}.0`, from: channels, to, resample: 'none' }];
      if (config.attention.includes(level)) blocks.push({ type: 'attention', name: `${name}.1`, channels: to });
      input.push(blocks);
      kept.push(to);
      channels = to;
    }
    if (level === config.multipliers.length - 1) return;
    // An odd size cannot be halved: the next level stays at it (112 px gives 7 × 7 twice, as in DCFace).
    const down = sides.every((side) => side % 2 === 0);
    halved[level] = down;
    const resample = down ? 'down' : 'none';
    input.push([{ type: 'residual', name: `input_blocks.${input.length}.0`, from: channels, to: channels, resample }]);
    kept.push(channels);
    if (down) sides = sides.map((side) => side / 2);
  });
  const middle: Block[] = [
    { type: 'residual', name: 'middle_block.0', from: channels, to: channels, resample: 'none' },
    { type: 'attention', name: 'middle_block.1', channels },
    { type: 'residual', name: 'middle_block.2', from: channels, to: channels, resample: 'none' },
  ];
  const output: Block[][] = [];
  for (let level = config.multipliers.length - 1; level >= 0; level--) {
    for (let i = 0; i <= config.blocks; i++) {
      const name = `output_blocks.${output.length}`;
      const to = (config.multipliers[level] as number) * config.base;
      const from = channels + (kept.pop() as number);
      const blocks: Block[] = [{ type: 'residual', name: `${name}.0`, from, to, resample: 'none' }];
      channels = to;
      if (config.attention.includes(level)) blocks.push({ type: 'attention', name: `${name}.1`, channels });
      if (level > 0 && i === config.blocks) {
        const resample = halved[level - 1] ? 'up' : 'none';
        blocks.push({ type: 'residual', name: `${name}.${blocks.length}`, from: channels, to: channels, resample });
      }
      output.push(blocks);
    }
  }
  return { input, middle, output, timeSize: config.base * 4, lastChannels: channels };
};

const inputChannels = (config: UNetConfig): number => unetShape(config)[2] * config.patch * config.patch;

/**
 * Every parameter of the UNet, and of the networks that make its condition tokens.
 *
 * @param condition the latter; they come after those of the time and before all others
 */
export const unetParameters = (config: UNetConfig, condition: readonly Parameter[] = []): Parameter[] => {
  const layout = layoutOf(config);
  const blocks = [...layout.input.flat(), ...layout.middle, ...layout.output.flat()];
  return [
    ...linearParameters('time_embed.0', config.base, layout.timeSize),
    ...linearParameters('time_embed.2', layout.timeSize, layout.timeSize),
    ...condition,
    ...sharedParameters(blocks, config),
    ...blocks.flatMap((block) => blockParameters(block, layout.timeSize, config)),
    ...normParameters('out.0', layout.lastChannels),
    ...convParameters('out.2', 3, layout.lastChannels, inputChannels(config), true),
  ];
};

const sharedParameters = (blocks: readonly Block[], config: UNetConfig): Parameter[] => {
  const attention = blocks.find((block) => block.type === 'attention');
  if (config.conditionProjection !== 'shared' || attention === undefined) return [];
  return linearParameters(sharedProjection, config.conditionSize, 2 * attention.channels);
};

const blockParameters = (block: Block, timeSize: number, config: UNetConfig): Parameter[] => {
  const { name } = block;
  if (block.type === 'conv') return convParameters(name, 3, block.from, block.to);
  if (block.type === 'attention') {
    const { channels } = block;
    const own = config.conditionProjection === 'block';
    return [
      ...normParameters(`${name}.norm`, channels),
      ...linearParameters(`${name}.qkv`, channels, 3 * channels),
      ...(own ? linearParameters(blockProjection(block), config.conditionSize, 2 * channels) : []),
      ...linearParameters(`${name}.proj_out`, channels, channels, true),
    ];
  }
  return [
    ...normParameters(`${name}.in_layers.0`, block.from),
    ...convParameters(`${name}.in_layers.2`, 3, block.from, block.to),
    ...linearParameters(`${name}.emb_layers.1`, timeSize, 2 * block.to),
    ...normParameters(`${name}.out_layers.0`, block.to),
    ...convParameters(`${name}.out_layers.3`, 3, block.to, block.to, true),
    ...(block.from === block.to ? [] : convParameters(`${name}.skip_connection`, 1, block.from, block.to)),
  ];
};

/** @throws CemiflowError `NetworkInvalid` where sizes or levels do not fit each other */
const checkConfig = (config: UNetConfig): void => {
  const { patch, attention, multipliers } = config;
  const [height, width] = unetShape(config);
  const refuse = (message: string, remedy: string): never => {
    throw new CemiflowError('NetworkInvalid', message, { remedy });
  };
  if (height % patch !== 0 || width % patch !== 0) {
    refuse(
      `images of ${height} × ${width} pixels cannot be cut into blocks of ${patch}`,
      'choose a patch that divides the size',
    );
  }
  const beyond = attention.find((level) => level >= multipliers.length);
  if (beyond !== undefined) {
    const last = multipliers.length - 1;
    refuse(`attention names level ${beyond}, the last of the multipliers is level ${last}`, `name levels 0 to ${last}`);
  }
  checkAttention(config, refuse);
};

/** Heads must have equal shares of a block's channels, and blocks that share a projection equally many channels. */
const checkAttention = (config: UNetConfig, refuse: (message: string, remedy: string) => never): void => {
  const { attention, multipliers, base, headChannels } = config;
  // The middle block has attention as well, and the channels of the last level.
  const levels = [...new Set([...attention, multipliers.length - 1])].sort((a, b) => a - b);
  const widths = levels.map((level) => (multipliers[level] as number) * base);
  const uneven = widths.find((channels) => channels % headsOf(channels, config) !== 0);
  if (uneven !== undefined) {
    refuse(
      `${uneven} channels cannot be divided into heads of ${headChannels}`,
      'choose headChannels that divide the channels of every level with attention',
    );
  }
  if (config.conditionProjection === 'shared' && new Set(widths).size > 1) {
    const found = levels.map((level, i) => `level ${level} has ${widths[i]}`).join(', ');
    refuse(
      `attention blocks that share one condition projection must have the same number of channels: ${found}`,
      'set conditionProjection to block, or give the levels in attention, and the last one, the same multiplier',
    );
  }
};
