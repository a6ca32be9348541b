import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { weightsCodec } from '../../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../../formats/safetensors.ts';
import { withWeights } from '../../../formats/weights/open.ts';
import type { AutoencoderConfig } from '../../../methods/idiff-face/autoencoder/config.ts';
import { decode, encode } from '../../../methods/idiff-face/autoencoder/forward.ts';
import { autoencoderParameters, codebookName } from '../../../methods/idiff-face/autoencoder/layers.ts';
import { nearest } from '../../../methods/idiff-face/autoencoder/quantise.ts';
import { loadAutoencoder } from '../../../methods/idiff-face/autoencoder/weights.ts';
import { stage } from '../../../methods/idiff-face/import-autoencoder/stage.ts';
import type { tf } from '../../../nn/tf.ts';
import { toyContext } from '../../activities/toy.ts';
import { cases, expectGolden, fillMap, mapValues } from '../../golden/values.ts';

/** What `test/fixtures/published/make.py` writes: the encoder and the decoder, each in a file of its own. */
const fixtures = new URL('../../fixtures/published/', import.meta.url);
const halves = new URL('vq', fixtures).pathname;
const network: AutoencoderConfig = cases.idiffFace.autoencoder;
const { imageSize } = cases.idiffFace;
const context = toyContext();
const { store } = context;
let folder: string;
let whole: { [name: string]: SafeTensor };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoencoder-'));
  whole = await withWeights(
    halves,
    async (file) => {
      const found: { [name: string]: SafeTensor } = {};
      for (const { name, shape } of file.tensors)
        found[name] = { dtype: 'F32', shape: [...shape], data: await file.values(name) };
      return found;
    },
    { several: true },
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const imported = async (
  path: string,
  more: { prefix?: string; network?: AutoencoderConfig } = {},
): Promise<ArtifactRef> => {
  const params = { network, prefix: 'auto', trainedOn: 'OpenImages', licence: 'MIT', ...more };
  return (await stage.run(params, { ...context, places: { path } })).weights as ArtifactRef;
};

const written = async (tensors: { readonly [name: string]: SafeTensor }): Promise<string> => {
  const path = join(folder, 'whole.safetensors');
  await writeFile(path, encodeSafetensors(tensors));
  return path;
};

const expected = decodeSafetensors(readFileSync(new URL('expected.safetensors', fixtures)));
const wanted = (name: string) => ({ x: expected[`autoencoder/${name}`]?.data as Float32Array });

describe('idiff-face/import-autoencoder', () => {
  it('takes in the two files that IDiff-Face loads; latents and images are those of PyTorch', async () => {
    const { config, weights } = await loadAutoencoder(store, await imported(halves), autoencoderParameters);
    expect(config).toEqual(network);
    const latents = encode(weights, fillMap('images', [2, 3, imageSize, imageSize]), config);
    expectGolden({ x: mapValues(latents) }, wanted('latents'), 1e-4);
    const decoded = decode(weights, nearest(latents, weights[codebookName] as tf.Tensor2D), config);
    expectGolden({ x: mapValues(decoded) }, wanted('decoded'), 1e-4);
  });

  it('takes in the whole one, alone or within a latent diffusion model, as the same weights', async () => {
    const [{ ref }, { weights }] = [await weightsCodec.read(store, await imported(halves)), { weights: whole }];
    const one = weights[codebookName] as SafeTensor;
    const beside = { 'loss.discriminator.main.0.weight': one, 'loss.perceptual_loss.lin0.model.1.weight': one };
    const alone = await weightsCodec.read(store, await imported(await written({ ...weights, ...beside })));
    const model = Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [`first_stage_model.${name}`, tensor] as const),
    );
    const within = await written({
      ...model,
      'model.diffusion_model.out.2.bias': one,
      // As long as the prefix.
      'cond_stage_models.encoder.weight': one,
      'first_stage_model.loss.x': one,
    });
    const inner = await weightsCodec.read(store, await imported(within));
    const tensorsOf = (files: typeof alone.files) => files.find(({ path }) => path === 'model.safetensors')?.digest;
    const first = tensorsOf((await weightsCodec.read(store, ref)).files);
    expect([tensorsOf(alone.files), tensorsOf(inner.files)]).toEqual([first, first]);
    expect(alone.meta.more.imported).toMatchObject({ format: 'safetensors', prefix: '', missing: 0, beside: 2 });
    expect(inner.meta.more.imported).toMatchObject({
      prefix: 'first_stage_model.',
      beside: 3,
      trainedOn: 'OpenImages',
    });
    const report = inner.files.find(({ path }) => path === 'import.json');
    const names = JSON.parse(Buffer.from(await store.getBlob(report?.digest as never)).toString());
    expect(names.beside.sort()).toEqual([
      'cond_stage_models.encoder.weight',
      'first_stage_model.loss.x',
      'model.diffusion_model.out.2.bias',
    ]);
    expect(names.matched[codebookName]).toBe(`first_stage_model.${codebookName}`);
  });

  it('refuses tensors that are missing, of another shape or of no use, by name', async () => {
    const { 'quant_conv.bias': bias, ...rest } = whole;
    const file = await written({ ...rest, 'encoder.extra.bias': bias as SafeTensor });
    await expect(imported(file)).rejects.toMatchObject({
      code: 'WeightsMismatch',
      message: expect.stringMatching(/missing \(quant_conv\.bias.*not in the network \(encoder\.extra/),
    });
    await expect(imported(halves, { network: { ...network, codes: 16 } })).rejects.toMatchObject({
      message: expect.stringContaining('quantize.embedding.weight must be [16,3], got [20,3]'),
    });
    await expect(imported(join(halves, 'first_stage_decoder_state_dict.pt'))).rejects.toThrow(/missing \(encoder/);
  });

  it('refuses other kinds of autoencoders, with a reason', async () => {
    const one = whole[codebookName] as SafeTensor;
    for (const [name, reason] of [
      ['encoder.down.1.attn.0.q.weight', /attn_resolutions/],
      ['decoder.up.1.block.0.conv_shortcut.weight', /conv_shortcut/],
      ['encoder.mid.block_1.temb_proj.weight', /see a time/],
      ['quantize.embed.weight', /Gumbel/],
    ] as const)
      await expect(imported(await written({ ...whole, [name]: one }))).rejects.toThrow(reason);
    const { [codebookName]: _, ...kl } = whole;
    await expect(imported(await written(kl))).rejects.toThrow(/KL loss/);
  });

  it('refuses a folder whose files hold one name twice', async () => {
    const twice = await mkdtemp(join(folder, 'twice-'));
    for (const name of ['a', 'b']) await writeFile(join(twice, `${name}.safetensors`), encodeSafetensors(whole));
    await expect(imported(twice)).rejects.toMatchObject({ code: 'WeightsNotFound' });
  });
});
