import { parameterCount } from '../../../nn/parameter.ts';
import { type ContextUNet, headsOf } from './config.ts';
import { layoutOf, type Module, timeSize, unetParameters } from './layout.ts';

/** Multiplications of one pass of the UNet for one image: convolutions, linear layers and attention. */
export const unetMultiplications = (config: ContextUNet): number => {
  const { base, channels, identitySize, conditionSize, side } = config;
  const { down, middle, up } = layoutOf(config);
  const time = timeSize(config);
  let positions = side ** 2;
  let sum = 2 * positions * 9 * channels * base + base * time + time ** 2 + identitySize * conditionSize;
  const add = (module: Module): void => {
    if (module.type === 'block') sum += ofBlock(module, positions, config);
    else {
      // A kernel of 4 × 4 is laid once over each position that is doubled; one of 3 × 3 computes each that is left.
      const doubles = module.type === 'up' && module.doubled;
      if (module.type === 'down' && module.halved) positions /= 4;
      sum += positions * (doubles ? 16 : 9) * module.channels ** 2;
      if (doubles) positions *= 4;
    }
  };
  for (const module of down) add(module);
  sum += 2 * ofResidual(middle, middle, positions, config) + ofTransformer(middle, positions, config);
  for (const module of up) add(module);
  return sum;
};

/** Values of all its parameters. */
export const unetSize = (config: ContextUNet): number => parameterCount(unetParameters(config));

const ofBlock = (block: Module & { type: 'block' }, positions: number, config: ContextUNet): number =>
  ofResidual(block.from, block.to, positions, config) +
  (block.attention ? ofTransformer(block.to, positions, config) : 0);

const ofResidual = (from: number, to: number, positions: number, config: ContextUNet): number =>
  positions * (9 * (from * to + to * to) + (from === to ? 0 : from * to)) + timeSize(config) * to + 2 * to * to;

const ofTransformer = (channels: number, positions: number, config: ContextUNet): number => {
  const { conditionSize, conditionTokens: tokens, headChannels } = config;
  const inner = headsOf(channels, config) * headChannels;
  const around = 2 * positions * channels * inner;
  const own = 4 * positions * inner ** 2 + 2 * positions ** 2 * inner;
  const makeTokens = conditionSize * conditionSize * tokens;
  const cross = 2 * positions * inner ** 2 + 2 * tokens * conditionSize * inner + 2 * positions * tokens * inner;
  const forward = 8 * positions * inner ** 2;
  return around + own + makeTokens + cross + forward;
};
