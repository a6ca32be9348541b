import { describe, expect, it } from 'vitest';
import type { Artifact } from '../../../artifacts/codec.ts';
import type { WeightsMeta } from '../../../artifacts/codecs/weights.ts';
import type { CemiflowError, JsonObject } from '../../../core/errors.ts';
import { generatorMetaOf } from '../../../methods/cemiface/weights.ts';
import { tinyNetwork } from './tiny.ts';

const digest = `sha256:${'ab'.repeat(32)}` as const;

/** The manifest of a generator, as `diffusion/train` writes it, with some fields of its network changed. */
const generator = (changed: JsonObject = {}, without: string[] = []): Artifact<WeightsMeta> => {
  const network: JsonObject = { ...JSON.parse(JSON.stringify(tinyNetwork)), ...changed };
  const kept = Object.fromEntries(Object.entries(network).filter(([name]) => !without.includes(name)));
  const more = { timesteps: 100, recognizer: digest, data: digest };
  const meta: WeightsMeta = { family: 'unet', network: kept, more };
  return { ref: { type: 'weights', digest }, meta, files: [] } as unknown as Artifact<WeightsMeta>;
};

const refusal = (artifact: Artifact<WeightsMeta>): CemiflowError => {
  try {
    generatorMetaOf(artifact);
  } catch (error) {
    return error as CemiflowError;
  }
  throw new Error('not refused');
};

describe('what weights say of a generator', () => {
  it('is read back whole', () => {
    for (const network of [
      tinyNetwork,
      { ...tinyNetwork, conditionProjection: 'block' as const, identityScale: 2.5 },
    ]) {
      expect(generatorMetaOf(generator(JSON.parse(JSON.stringify(network)))).network).toEqual(network);
    }
  });

  it('says which noise it was trained with; without a factor, that of DDPM', () => {
    const made = generator();
    expect(generatorMetaOf(made)).toMatchObject({ timesteps: 100, snrFactor: 1 });
    const stating = (snrFactor: number): Artifact<WeightsMeta> => ({
      ...made,
      meta: { ...made.meta, more: { ...made.meta.more, snrFactor } },
    });
    expect(generatorMetaOf(stating(12.25))).toMatchObject({ timesteps: 100, snrFactor: 12.25 });
    expect(refusal(stating(0)).message).toContain('snrFactor must be a number above 0, got 0');
  });

  it('is refused from before attention had the published order of heads', () => {
    const error = refusal(generator({}, ['conditionProjection', 'identityScale']));
    expect(error.code).toBe('ArtifactInvalid');
    expect(error.message).toContain('meta.network.conditionProjection must be shared or block');
    expect(error.message).toContain('have another order of attention heads');
    expect(error.remedy).toContain('run the stage that made it again');
  });

  it('is refused where a field is missing or out of range', () => {
    expect(refusal(generator({}, ['identityScale'])).message).toContain('identityScale must be a number, got nothing');
    for (const identityScale of [0, -1]) {
      expect(refusal(generator({ identityScale })).message).toContain('identityScale must be a number above 0');
    }
    expect(refusal(generator({ conditionProjection: 'both' })).message).toContain('one of shared, block');
  });
});
