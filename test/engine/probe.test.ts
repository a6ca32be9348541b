import { describe, expect, it } from 'vitest';
import type { PlanNode } from '../../core/plan.ts';
import { type ProbeRequest, probe } from '../../engine/probe/client.ts';
import { timePieces } from '../../engine/probe/pieces.ts';
import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import { cemifaceMultiplications } from '../../methods/cemiface/count.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications } from '../../nn/recognizer/layout.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { expandSpec } from '../../spec/expand.ts';
import { readSpec } from '../../spec/spec.ts';
import { writeSpecs } from '../spec/helpers.ts';

describe('the time of a piece of work', () => {
  /** A clock on which a piece takes these seconds, one after the other. */
  const timed = (took: readonly number[], seconds: number) => {
    let [at, calls] = [0, 0];
    const run = (): void => {
      at += 1000 * (took[calls++] as number);
    };
    return { ...timePieces({ multiplyAdds: 7, run, dispose: () => {} }, seconds, () => at), calls };
  };

  it('is that of the pieces after the first, which warms up', () => {
    expect(timed([5, 2, 3, 4], 12)).toEqual({ multiplyAdds: 21, seconds: 9, calls: 4 });
  });

  it('is that of the first where it leaves no time for others', () => {
    expect(timed([6], 12)).toEqual({ multiplyAdds: 7, seconds: 6, calls: 1 });
  });
});

describe('a probe', () => {
  const cwd = writeSpecs({
    'spec.yaml': `experiment: demo
seed: 1
stages:
  faces: {uses: data/import, expects: {images: 1000, identities: 30}, with: {path: ./nowhere, size: 32}}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", batch: 8}}
  generator: {uses: diffusion/train, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", batch: 2, network: {base: 16, multipliers: [1, 1], blocks: 1, attention: [1], headChannels: 16, groups: 4, conditionSize: 16, conditionTokens: 2}}}
  inquiries: {uses: inquiry/random, with: {recognizer: "\${{ stages.teacher }}", count: 10}}
  images: {uses: diffusion/generate, with: {generator: "\${{ stages.generator }}", inquiries: "\${{ stages.inquiries }}", m: 0, images: 1, batch: 4}}
  centers: {uses: centers/compute, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}"}}
`,
  });
  const { nodes } = expandSpec(readSpec('spec.yaml', { cwd }), loadStageSchemas());
  const request: Omit<ProbeRequest, 'node'> = {
    ...{ device: 'cpu', seconds: 0.2, nodes: nodes as unknown as PlanNode[], stored: [] },
    expected: nodes.flatMap(({ id, expects }) => (expects ? [[id, expects] as const] : [])),
  };
  const options = { env: process.env, signal: new AbortController().signal };
  const forward = multiplications(recognizerConfig('small', { imageSize: 32 }));

  const generator = nodes.find(({ id }) => id === 'generator')?.params as { network: object };
  const denoised = cemifaceMultiplications({
    ...(generator.network as CemiFaceNetwork),
    ...{ imageSize: 32, identitySize: 128 },
  });

  it.each([
    ['teacher', 8 * (3 * forward + 3 * 128 * 30)],
    ['centers', 32 * forward],
    ['generator', 2 * (3 * denoised + 2 * forward)],
    ['images', 4 * denoised],
  ])(
    'measures whole pieces of the work of %s, though neither data nor weights are there',
    async (node, piece) => {
      const probed = await probe({ ...request, node }, options);
      expect(probed?.machine).toEqual({ name: expect.stringMatching(/ with \d+ cores?$/), device: 'cpu' });
      expect(probed?.seconds).toBeGreaterThan(0);
      const pieces = (probed?.multiplyAdds ?? 0) / piece;
      expect(pieces).toBeGreaterThanOrEqual(1);
      expect(pieces).toBe(Math.round(pieces));
    },
    60_000,
  );

  it('has no answer for a kind without one', async () => {
    expect(await probe({ ...request, node: 'faces' }, options)).toBeUndefined();
  }, 60_000);
});
