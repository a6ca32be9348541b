import { describe, expect, it } from 'vitest';
import type { CemiflowError } from '../../../core/errors.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { unetParameters } from '../../../nn/unet/layout.ts';

const config: UNetConfig = {
  ...{
    imageSize: 16,
    patch: 1,
    base: 8,
    multipliers: [1, 2, 4],
    blocks: 1,
    attention: [2],
    headChannels: 8,
    groups: 4,
  },
  ...{ conditionSize: 6, conditionProjection: 'shared', prediction: 'epsilon' },
};

const projections = (changed: Partial<UNetConfig>): string[] =>
  unetParameters({ ...config, ...changed })
    .filter(({ name }) => /(encoder_kv|cross_attn_adapter)\.weight$/.test(name))
    .map(({ name, shape }) => `${name} ${shape}`);

const refusal = (changed: Partial<UNetConfig>): CemiflowError => {
  try {
    unetParameters({ ...config, ...changed });
  } catch (error) {
    return error as CemiflowError;
  }
  throw new Error('not refused');
};

describe('the projection of condition tokens', () => {
  it("is one for all attention blocks, under DCFace's name", () => {
    expect(projections({})).toEqual(['cross_attn_adapter.weight 6,64']);
  });

  it('is one of each block where blocks project on their own', () => {
    expect(projections({ conditionProjection: 'block' })).toEqual([
      'input_blocks.5.1.encoder_kv.weight 6,64',
      'middle_block.1.encoder_kv.weight 6,64',
      'output_blocks.0.1.encoder_kv.weight 6,64',
      'output_blocks.1.1.encoder_kv.weight 6,64',
    ]);
  });

  it('cannot be shared by blocks of different sizes, the middle block included', () => {
    const error = refusal({ attention: [1] });
    expect(error.code).toBe('NetworkInvalid');
    expect(error.message).toBe(
      'attention blocks that share one condition projection must have the same number of channels: level 1 has 16, level 2 has 32',
    );
    expect(error.remedy).toBe(
      'set conditionProjection to block, or give the levels in attention, and the last one, the same multiplier',
    );
    expect(projections({ attention: [1], conditionProjection: 'block' })).toHaveLength(4);
    expect(projections({ attention: [1], multipliers: [1, 2, 2] })).toEqual(['cross_attn_adapter.weight 6,32']);
  });
});

describe('heads', () => {
  it('must divide the channels', () => {
    const error = refusal({ base: 10, headChannels: 12 });
    expect(error.code).toBe('NetworkInvalid');
    expect(error.message).toBe('40 channels cannot be divided into heads of 12');
    expect(error.remedy).toBe('choose headChannels that divide the channels of every level with attention');
  });

  it('are one where a block has fewer channels than a head', () => {
    expect(projections({ headChannels: 64 })).toHaveLength(1);
  });
});
