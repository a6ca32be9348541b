import { CemiflowError } from '../../core/errors.ts';
import { convParameters, linearParameters, normParameters, type Parameter } from '../parameters.ts';
import { type UNetConfig, unetShape } from './config.ts';

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
 * @param condition the latter; they come after those of the time and before those of the blocks
 */
export const unetParameters = (config: UNetConfig, condition: readonly Parameter[] = []): Parameter[] => {
  const layout = layoutOf(config);
  const blocks = [...layout.input.flat(), ...layout.middle, ...layout.output.flat()];
  return [
    ...linearParameters('time_embed.0', config.base, layout.timeSize),
    ...linearParameters('time_embed.2', layout.timeSize, layout.timeSize),
    ...condition,
    ...blocks.flatMap((block) => blockParameters(block, layout.timeSize, config)),
    ...normParameters('out.0', layout.lastChannels),
    ...convParameters('out.2', 3, layout.lastChannels, inputChannels(config), true),
  ];
};

const blockParameters = (block: Block, timeSize: number, config: UNetConfig): Parameter[] => {
  const { name } = block;
  if (block.type === 'conv') return convParameters(name, 3, block.from, block.to);
  if (block.type === 'attention') {
    const { channels } = block;
    return [
      ...normParameters(`${name}.norm`, channels),
      ...linearParameters(`${name}.qkv`, channels, 3 * channels),
      ...linearParameters(`${name}.encoder_kv`, config.conditionSize, 2 * channels),
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
};
