import { beforeAll, describe, expect, it } from 'vitest';
import type { Known } from '../../core/estimate.ts';
import type { PlanNode } from '../../core/plan.ts';
import type { Probe } from '../../core/probe.ts';
import { loadEstimate, loadProbe } from '../../engine/estimates.ts';
import { type ProbeRequest, probe } from '../../engine/probe/client.ts';
import { timePieces } from '../../engine/probe/pieces.ts';
import type { CemiFaceNetwork } from '../../methods/cemiface/config.ts';
import { cemifaceMultiplications } from '../../methods/cemiface/count.ts';
import type { DcFaceNetwork, StyleConfig } from '../../methods/dcface/config.ts';
import { dcfaceMultiplications, styleMultiplications } from '../../methods/dcface/count.ts';
import type { ContextUNet } from '../../methods/idiff-face/unet/config.ts';
import { unetMultiplications as latentMultiplications } from '../../methods/idiff-face/unet/count.ts';
import { recognizerConfig } from '../../nn/recognizer/config.ts';
import { multiplications } from '../../nn/recognizer/layout.ts';
import { tf } from '../../nn/tf.ts';
import type { UNetConfig } from '../../nn/unet/config.ts';
import { unetMultiplications } from '../../nn/unet/count.ts';
import { kindPlaces } from '../../schemas/kind-places.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { knownInputs } from '../../spec/estimate.ts';
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

describe('the probe', () => {
  const cwd = writeSpecs({
    'spec.yaml': `experiment: demo
seed: 1
stages:
  faces: {uses: data/import, expects: {images: 1000, identities: 30}, with: {path: ./nowhere, size: 32}}
  teacher: {uses: recognizer/train, with: {data: "\${{ stages.faces }}", batch: 8}}
  generator: {uses: diffusion/train, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", batch: 2, network: {base: 16, multipliers: [1, 1], blocks: 1, attention: [1], headChannels: 16, groups: 4, conditionSize: 16, conditionTokens: 2}}}
  inquiries: {uses: inquiry/random, with: {recognizer: "\${{ stages.teacher }}", count: 10}}
  images: {uses: diffusion/generate, with: {generator: "\${{ stages.generator }}", inquiries: "\${{ stages.inquiries }}", m: 0, images: 1, batch: 4}}
  unconditional: {uses: ddpm/train, with: {data: "\${{ stages.faces }}", batch: 2, network: {base: 16, multipliers: [1, 1], blocks: 1, attention: [1], headChannels: 16, groups: 4}}}
  anyone: {uses: ddpm/generate, with: {generator: "\${{ stages.unconditional }}", identities: 10, batch: 4}}
  mixer: {uses: dcface/train, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", batch: 2, network: {base: 32, multipliers: [1, 1], blocks: 1, attention: [1], headChannels: 16, groups: 4}}}
  people: {uses: inquiry/select, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", count: 10}}
  mixed: {uses: dcface/generate, with: {generator: "\${{ stages.mixer }}", inquiries: "\${{ stages.people }}", styles: "\${{ stages.faces }}", images: 1, batch: 4}}
  codes: {uses: idiff-face/train-autoencoder, with: {data: "\${{ stages.faces }}", network: {base: 16, multipliers: [1, 2], blocks: 1, codes: 32}}}
  latent: {uses: idiff-face/train, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}", autoencoder: "\${{ stages.codes }}", batch: 2, network: {base: 32, multipliers: [1, 1], blocks: 1, attention: [1], conditionSize: 16}}}
  centers: {uses: centers/compute, with: {data: "\${{ stages.faces }}", recognizer: "\${{ stages.teacher }}"}}
`,
  });
  const { nodes } = expandSpec(readSpec('spec.yaml', { cwd }), loadStageSchemas());
  const request: Omit<ProbeRequest, 'node'> = {
    ...{ device: 'cpu', seconds: 0.2, nodes: nodes as unknown as PlanNode[], stored: [] },
    expected: nodes.flatMap(({ id, expects }) => (expects ? [[id, expects] as const] : [])),
  };
  const places = kindPlaces();
  const options = { env: process.env, signal: new AbortController().signal };
  let known: ReadonlyMap<string, Known>;
  beforeAll(async () => {
    const kinds = [...new Set(nodes.map(({ kind }) => kind))];
    const estimates = await Promise.all(kinds.map(async (kind) => [kind, await loadEstimate(kind, places)] as const));
    const given = { kinds: new Map(estimates), expected: new Map(request.expected), stored: new Map() };
    known = knownInputs(request.nodes, given);
  });
  const forward = multiplications(recognizerConfig('small', { imageSize: 32 }));

  const generator = nodes.find(({ id }) => id === 'generator')?.params as { network: object };
  const denoised = cemifaceMultiplications({
    ...(generator.network as CemiFaceNetwork),
    ...{ imageSize: 32, identitySize: 128 },
  });

  const paramsOf = <T>(id: string) => nodes.find((node) => node.id === id)?.params as T;
  const unetOf = (id: string) => ({ ...paramsOf<{ network: UNetConfig }>(id).network, imageSize: 32 });
  const unconditional = unetMultiplications({
    ...unetOf('unconditional'),
    ...{ conditionSize: 1, conditionProjection: 'none' },
  });
  const { style } = paramsOf<{ style: StyleConfig }>('mixer');
  const identity = recognizerConfig('small', { imageSize: 32 });
  const mixer: DcFaceNetwork = {
    ...{ ...unetOf('mixer'), identity, conditionSize: 128 },
    style: { ...style, channels: identity.widths[0] as number },
  };
  const mixed = dcfaceMultiplications(mixer);
  const latent = latentMultiplications({
    ...paramsOf<{ network: ContextUNet }>('latent').network,
    ...{ side: 16, channels: 3, identitySize: 128 },
  });

  it.each([
    ['teacher', 8 * (3 * forward + 3 * 128 * 30)],
    ['centers', 32 * forward],
    ['generator', 2 * (3 * denoised + 2 * forward)],
    ['images', 4 * denoised],
    ['unconditional', 2 * 3 * unconditional],
    ['anyone', 4 * unconditional],
    ['mixer', 2 * (3 * mixed + 3 * forward + styleMultiplications(mixer) + 2 * forward)],
    ['mixed', 4 * mixed],
    ['latent', 2 * 3 * latent],
  ])(
    'of %s is one piece of its work, though neither data nor weights are there, and leaves nothing behind',
    async (id, piece) => {
      const { kind, params } = nodes.find((each) => each.id === id) as (typeof nodes)[number];
      const before = tf.memory().numTensors;
      const made = (await loadProbe(kind, places))?.(params as never, known.get(id) as Known) as Probe;
      expect(made.multiplyAdds).toBe(piece);
      made.run();
      made.run();
      made.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
    60_000,
  );

  it('is measured in a process of its own', async () => {
    const probed = await probe({ ...request, node: 'teacher' }, options);
    expect(probed?.machine).toEqual({ name: expect.stringMatching(/ with \d+ cores?$/), device: 'cpu' });
    expect(probed?.seconds).toBeGreaterThan(0);
    const pieces = (probed?.multiplyAdds ?? 0) / (8 * (3 * forward + 3 * 128 * 30));
    expect(pieces).toBeGreaterThanOrEqual(1);
    expect(pieces).toBe(Math.round(pieces));
  }, 60_000);

  it('has no answer for a kind without one', async () => {
    expect(await loadProbe('data/import', places)).toBeUndefined();
    expect(await probe({ ...request, node: 'faces' }, options)).toBeUndefined();
  }, 60_000);
});
