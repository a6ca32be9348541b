import { parameterCount } from '../parameter.ts';
import { type UNetConfig, unetShape } from './config.ts';
import { type Block, type Layout, layoutOf, unetParameters } from './layout.ts';

/**
 * Multiplications of one pass of the UNet for one image: convolutions, linear layers and attention. Norms and additions are left out.
 *
 * @param tokens condition tokens that attention sees beside the image's positions
 */
export const unetMultiplications = (config: UNetConfig, tokens = 0): number => {
  const layout = layoutOf(config);
  const [height, width, channels] = unetShape(config);
  const inputs = channels * config.patch ** 2;
  const first = (height * width) / config.patch ** 2;
  let positions = first;
  let sum = config.base * layout.timeSize + layout.timeSize ** 2 + first * 9 * layout.lastChannels * inputs;
  for (const block of inOrder(layout)) {
    positions = after(positions, block);
    sum += ofBlock(block, positions, { tokens, config, timeSize: layout.timeSize });
  }
  return sum + ofSharedProjection(layout, tokens, config);
};

/** Values of all parameters of the UNet. @param condition of what makes its condition */
export const unetSize = (config: UNetConfig, condition = 0): number =>
  parameterCount(unetParameters(config)) + condition;

const inOrder = ({ input, middle, output }: Layout): Block[] => [...input.flat(), ...middle, ...output.flat()];

/** Positions of the map behind a block, which resamples before its first convolution. */
const after = (positions: number, block: Block): number => {
  if (block.type !== 'residual' || block.resample === 'none') return positions;
  return block.resample === 'down' ? positions / 4 : positions * 4;
};

interface Around {
  readonly tokens: number;
  readonly config: UNetConfig;
  readonly timeSize: number;
}

const ofBlock = (block: Block, positions: number, { tokens, config, timeSize }: Around): number => {
  if (block.type === 'conv') return positions * 9 * block.from * block.to;
  if (block.type === 'attention') {
    const { channels } = block;
    const projections = positions * 4 * channels ** 2;
    // Queries with keys, and weights with values.
    const attention = 2 * positions * (positions + tokens) * channels;
    const own = config.conditionProjection === 'block' ? tokens * config.conditionSize * 2 * channels : 0;
    return projections + attention + own;
  }
  const { from, to } = block;
  const skip = from === to ? 0 : positions * from * to;
  return positions * 9 * (from * to + to * to) + skip + timeSize * 2 * to;
};

const ofSharedProjection = (layout: Layout, tokens: number, { conditionProjection, conditionSize }: UNetConfig) => {
  const attention = inOrder(layout).find((block) => block.type === 'attention');
  if (conditionProjection !== 'shared' || attention === undefined) return 0;
  return tokens * conditionSize * 2 * attention.channels;
};
