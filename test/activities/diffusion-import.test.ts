import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../../activities/diffusion-import/stage.ts';
import { loadWeights, weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { encodeSafetensors, type SafeTensor } from '../../formats/safetensors.ts';
import { cemifaceDenoiser } from '../../methods/cemiface/network.ts';
import { stage as train } from '../../methods/cemiface/train/stage.ts';
import { generatorMetaOf } from '../../methods/cemiface/weights.ts';
import { initialise } from '../../nn/parameters.ts';
import { toSafetensors } from '../../nn/weights.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { loadInitial } from '../../training/diffusion/initial.ts';
import { cases, fillParameters } from '../golden/values.ts';
import { putGenerator, putRecognizer, tinyGenerator, withoutZeros } from '../methods/cemiface/tiny.ts';
import { toyContext, toyDataset } from './toy.ts';

const context = toyContext();
const { store } = context;
const { parameters } = cemifaceDenoiser(tinyGenerator);
type Tensors = { [name: string]: SafeTensor };
const original = toSafetensors(initialise(withoutZeros(parameters), 5), parameters) as Tensors;
let folder: string;
let recognizer: ArtifactRef;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unet-'));
  recognizer = await putRecognizer(store);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** As DCFace's checkpoint: Lightning's prefix, the projection and encoders beside the UNet, a variance, 1 × 1 convolutions. */
const dcface = (): Tensors => {
  const file: Tensors = { 'external_mapping.style.weight': original['out.2.bias'] as SafeTensor };
  for (const [name, tensor] of Object.entries(original)) {
    if (name.startsWith('condition.')) continue;
    const { dtype, shape, data } = tensor;
    if (name.startsWith('cross_attn_adapter.')) file[`external_mapping.${name}`] = tensor;
    else if (name.startsWith('out.2.')) {
      const twice = new Float32Array(2 * data.length).fill(9);
      twice.set(data as Float32Array);
      file[`model.${name}`] = { dtype, shape: [2 * (shape[0] as number), ...shape.slice(1)], data: twice };
    } else if (/qkv\.weight$/.test(name)) file[`model.${name}`] = { dtype, shape: [...shape, 1], data };
    else file[`model.${name}`] = tensor;
  }
  return file;
};

const taken = async (tensors: Tensors, prefix = 'auto'): Promise<ArtifactRef> => {
  const path = join(folder, 'unet.safetensors');
  await writeFile(path, encodeSafetensors(tensors));
  const params = { prefix, trainedOn: '', licence: '' };
  return (await stage.run(params, { ...context, places: { path } })).weights as ArtifactRef;
};

/** One step so small that what comes out is what training started from. */
const started = async (initial?: ArtifactRef) => {
  const { imageSize: _, identitySize: __, ...network } = tinyGenerator;
  const params = {
    ...{
      data: await toyDataset(store, 2, 1),
      recognizer,
      network,
      epochs: 1,
      batch: 2,
      lr: 1e-9,
      timesteps: 20,
      snrFactor: 1,
    },
    ...{ weightDecay: 0, ...(initial && { initial }) },
  };
  const filled = structuredClone(params) as never;
  expect(loadStageSchemas().get('diffusion/train')?.validate(filled)).toBe(true);
  return loadWeights(store, (await train.run(filled, context)).weights as ArtifactRef);
};

const apart = (a: SafeTensor | undefined, b: SafeTensor | undefined): number =>
  Math.max(...Array.from(a?.data as Float32Array, (value, i) => Math.abs(value - (b?.data[i] as number))));

describe('diffusion/import', () => {
  it("takes in DCFace's names and layouts, from which training starts; the condition starts as in any training", async () => {
    const ref = await taken(dcface());
    const { meta } = await weightsCodec.read(store, ref);
    expect(meta.more.imported).toMatchObject({ format: 'safetensors', prefix: 'model.', beside: 1 });
    const [from, scratch] = [await started(ref), await started()];
    for (const name of Object.keys(original)) {
      const wanted = name.startsWith('condition.') ? scratch[name] : original[name];
      expect(apart(from[name], wanted), name).toBeLessThan(1e-6);
    }
    expect(apart(from['out.2.weight'], scratch['out.2.weight'])).toBeGreaterThan(0.01);
  }, 60_000);

  it("takes in a checkpoint that PyTorch wrote with DCFace's names: every tensor under its own name", async () => {
    const path = join(import.meta.dirname, '../fixtures/formats/weights/unet.ckpt');
    const params = { prefix: 'auto', trainedOn: '', licence: '' };
    const { weights } = await stage.run(params, { ...context, places: { path } });
    const unet = cemifaceDenoiser(cases.unet).parameters;
    const { tensors, fresh } = await loadInitial(store, weights as ArtifactRef, unet);
    expect(fresh.every((name) => name.startsWith('condition.'))).toBe(true);
    const held = unet.filter(({ name }) => tensors[name]);
    expect(held.length).toBe(unet.length - 4);
    expect(toSafetensors(tensors, held)).toEqual(toSafetensors(fillParameters(unet), held));
  });

  it('takes in a UNet without any condition, as guided-diffusion publishes them', async () => {
    const names = Object.keys(original).filter((name) => !/^condition\.|^cross_attn_adapter\./.test(name));
    const ref = await taken(Object.fromEntries(names.map((name) => [name, original[name] as SafeTensor])));
    const { tensors, fresh } = await loadInitial(store, ref, parameters);
    expect(Object.keys(tensors).sort()).toEqual(names.sort());
    expect(fresh).toContain('cross_attn_adapter.weight');
  });

  it('is no generator: sampling from it is refused', async () => {
    const artifact = await weightsCodec.read(store, await taken(dcface()));
    expect(() => generatorMetaOf(artifact)).toThrow(/family must be unet, got unet-imported/);
  });

  it('refuses files without a UNet, whatever the prefix', async () => {
    await expect(taken({ 'body.0.weight': original['out.2.bias'] as SafeTensor })).rejects.toMatchObject({
      code: 'WeightsMismatch',
      message: expect.stringContaining('got 0 tensors'),
    });
    await expect(taken(dcface(), 'ema.')).rejects.toMatchObject({ code: 'WeightsMismatch' });
  });

  it('starts from the weights of another training as well', async () => {
    const { tensors, fresh } = await loadInitial(store, await putGenerator(store, recognizer), parameters);
    expect(fresh).toEqual([]);
    expect(Object.keys(tensors).length).toBe(parameters.length);
  });

  it('refuses weights of another network where training starts, and names what does not fit', async () => {
    const { 'model.time_embed.0.bias': gone, ...file } = dcface();
    const more = { ...file, 'model.label_emb.weight': gone as SafeTensor };
    await expect(loadInitial(store, await taken(more), parameters)).rejects.toMatchObject({
      code: 'WeightsMismatch',
      message: expect.stringMatching(
        /1 tensor is missing \(time_embed\.0\.bias.*1 tensor is not in the network \(label_emb/,
      ),
    });
    await expect(loadInitial(store, recognizer, parameters)).rejects.toThrow(
      /initial must be a UNet, got a recognizer/,
    );
  });
});
