import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage as importRecognizer } from '../../../activities/recognizer-import/stage.ts';
import { loadWeights, weightsCodec } from '../../../artifacts/codecs/weights.ts';
import { DatasetWriter } from '../../../artifacts/dataset.ts';
import type { ArtifactRef } from '../../../core/artifact.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../../../formats/safetensors.ts';
import { withWeights } from '../../../formats/weights/open.ts';
import type { ListedTensor } from '../../../formats/weights/tensor-file.ts';
import { conditionStatistics, identityConditions, styleConditions } from '../../../methods/dcface/condition.ts';
import { withGenerator } from '../../../methods/dcface/generate/generator.ts';
import { refuseOtherNetworks } from '../../../methods/dcface/import/refuse.ts';
import { stage } from '../../../methods/dcface/import/stage.ts';
import { dcfaceDenoiser } from '../../../methods/dcface/network.ts';
import { styleMap } from '../../../methods/dcface/style.ts';
import { generatorMetaOf } from '../../../methods/dcface/weights.ts';
import type { RecognizerConfig } from '../../../nn/recognizer/config.ts';
import { tf } from '../../../nn/tf.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';
import { fromSafetensors } from '../../../nn/weights.ts';
import { loadRecognizer } from '../../../training/recognizer.ts';
import { float32, toyContext } from '../../activities/toy.ts';
import { cases, expectGolden, fillMap, mapValues, type Values } from '../../golden/values.ts';

/** Sizes of the checkpoint that `test/fixtures/published/make.py` writes. */
interface Published {
  readonly unet: UNetConfig & { readonly imageSize: number };
  readonly recognizer: RecognizerConfig;
  readonly grid: number;
  readonly time: readonly number[];
}

const { unet, recognizer: config, grid, time }: Published = cases.dcfacePublished;
const fixtures = new URL('../../fixtures/published/', import.meta.url);
const path = new URL('dcface.ckpt', fixtures).pathname;
const context = toyContext();
const { store } = context;
const {
  imageSize: _,
  conditionSize: __,
  conditionProjection: ___,
  unhalved: ____,
  ...network
} = unet as typeof unet & {
  readonly unhalved: number;
};
const said = { trainedOn: 'CASIA-WebFace', licence: '' };
let recognizer: ArtifactRef;
let folder: string;

/** Every tensor of the checkpoint, as float32. */
const tensorsOfFile = (): Promise<{ [name: string]: SafeTensor }> =>
  withWeights(path, async (file) => {
    const found: { [name: string]: SafeTensor } = {};
    for (const { name, shape, dtype } of file.tensors)
      if (dtype !== 'int64') found[name] = { dtype: 'F32', shape: [...shape], data: await file.values(name) };
    return found;
  });

const imported = async (
  from = path,
  more: { weights?: 'last'; recognizer?: ArtifactRef; network?: object } = {},
): Promise<ArtifactRef> => {
  const params = { recognizer, weights: 'average' as const, network, timesteps: 1000, ...said, ...more };
  return (await stage.run(params as never, { ...context, places: { path: from } })).weights as ArtifactRef;
};

/** A file of other tensors than the checkpoint's. */
const changed = async (change: (tensors: { [name: string]: SafeTensor }) => void): Promise<string> => {
  const tensors = await tensorsOfFile();
  change(tensors);
  const file = join(folder, 'changed.safetensors');
  await writeFile(file, encodeSafetensors(tensors));
  return file;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dcface-'));
  const { weights } = await importRecognizer.run(
    {
      ...{
        channels: 'bgr',
        network: { preset: 'ir_18', ...config },
        prefix: 'recognition_model.backbone.',
        strict: true,
      },
      ...said,
    },
    { ...context, places: { path } },
  );
  recognizer = weights as ArtifactRef;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const expected = decodeSafetensors(readFileSync(new URL('expected.safetensors', fixtures)));
const wanted = (name: string): ArrayLike<number> => expected[`dcface/${name}`]?.data as Float32Array;

describe('dcface/import', () => {
  it('takes in a checkpoint of the published names, whose outputs are those of PyTorch', async () => {
    const ref = await imported();
    const artifact = await weightsCodec.read(store, ref);
    const meta = generatorMetaOf(artifact);
    expect(meta).toMatchObject({ timesteps: 1000, recognizer: recognizer.digest, network: { style: { grid } } });
    const denoiser = dcfaceDenoiser(meta.network);
    const stored = await loadWeights(store, ref);
    const weights = fromSafetensors(stored, [...denoiser.parameters, ...conditionStatistics(meta.network)]);
    const frozen = await loadRecognizer(store, recognizer);
    const images = (name: string): tf.Tensor4D => fillMap(name, [time.length, 3, unet.imageSize, unet.imageSize]);
    const conditions = {
      ...identityConditions(weights, weights, images('identityImages'), meta.network),
      ...styleConditions(weights, weights, styleMap(frozen.weights, images('images'), frozen.config), meta.network),
    };
    const output = denoiser.predict(weights, images('noise'), tf.tensor1d([...time]), conditions);
    const made: Values = {
      added: conditions.identity?.dataSync() as Float32Array,
      styleTokens: conditions.styleTokens?.dataSync() as Float32Array,
    };
    expectGolden(made, { added: wanted('added'), styleTokens: wanted('styleTokens') }, 1e-4);
    // Stored at every eighth place.
    const places = tf.tidy(() => {
      const [rows, columns] = [14, 14];
      return output.reshape([time.length, rows, 8, columns, 8, 3]).slice([0, 0, 0, 0, 0, 0], [-1, -1, 1, -1, 1, -1]);
    });
    const found = mapValues(places.reshape([time.length, 14, 14, 3]));
    expectGolden({ output: found }, { output: wanted('output') }, 1e-4);
  }, 60_000);

  it('says what became of every tensor, in counts and in names', async () => {
    const ref = await imported();
    const { meta, files } = await weightsCodec.read(store, ref);
    const said = meta.more.imported as { [name: string]: unknown };
    expect(said).toMatchObject({ format: 'pytorch', prefix: 'ema_model.averaged_model.', missing: 0, unexpected: 0 });
    expect(said).toMatchObject({ ignored: 2, trainedOn: 'CASIA-WebFace' });
    const report = files.find((file) => file.path === 'import.json');
    const names = JSON.parse(Buffer.from(await store.getBlob(report?.digest as never)).toString());
    expect(names.matched['cross_attn_adapter.weight']).toBe('external_mapping.cross_attn_adapter.weight');
    expect(names.matched['input_blocks.1.0.in_layers.2.weight']).toBe(
      'ema_model.averaged_model.input_blocks.1.0.in_layers.2.weight',
    );
    expect(names.beside).toContain('recognition_model.head.kernel');
    expect(names.beside).toContain('model.out.2.weight');
    const tensors = await tensorsOfFile();
    const all = Object.keys(names.matched).length + names.beside.length + names.ignored.length;
    expect(all).toBe(Object.keys(tensors).length + 2);
  }, 60_000);

  it('takes the last values of the UNet where it is asked to, and of six channels the noise alone', async () => {
    const [average, last] = [
      await loadWeights(store, await imported()),
      await loadWeights(store, await imported(path, { weights: 'last' })),
    ];
    const name = 'input_blocks.0.0.weight';
    const [a, b] = [average[name]?.data as Float32Array, last[name]?.data as Float32Array];
    a.forEach((value, i) => {
      expect(b[i]).toBeCloseTo(value + 0.5, 2);
    });
    expect(average['label_mapping.scaler.0']).toEqual(last['label_mapping.scaler.0']);
    expect(average['out.2.bias']?.shape).toEqual([3]);
    expect(average['out.2.bias']?.data).not.toContain(9);
  }, 60_000);

  it('gives a generator that dcface/generate samples from', async () => {
    const writer = new DatasetWriter(store, { height: unet.imageSize, width: unet.imageSize });
    const pixels = Uint8Array.from({ length: unet.imageSize ** 2 * 3 }, (_, i) => (i * 7) % 256);
    await writer.add({ identity: 0, image: 0, pixels });
    const styles = await writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
    const options = { steps: 2, batch: 1, eta: 1, epsilon: 'network' as const, ...float32 };
    const made = await withGenerator(store, { generator: await imported(), styles }, options, async (generator) => {
      const [identity] = await generator.identities(0, [pixels]);
      const [style] = await generator.stylesOf(0, [pixels]);
      const job = { first: 0, identities: 1, images: 1, conditionsOf: () => ({ ...identity, ...style }) };
      return generator.sampler.sample(job as never, context);
    });
    expect(made.length).toBe(unet.imageSize ** 2 * 3);
    expect(new Set(made).size).toBeGreaterThan(50);
  }, 60_000);
});

describe('a file that is refused', () => {
  const mismatch = (message: RegExp) => ({ code: 'WeightsMismatch', message: expect.stringMatching(message) });

  it('lacks a tensor, has one of another shape, or one of no use: by name', async () => {
    const file = await changed((tensors) => {
      delete tensors['label_mapping.pos_emb.0'];
      tensors['label_mapping.adapter.weight'] = tensors['external_mapping.conv_0.bias'] as SafeTensor;
    });
    await expect(imported(file)).rejects.toMatchObject(
      mismatch(
        /1 tensor is missing \(label_mapping\.pos_emb\.0.*1 tensor is not in the network \(label_mapping\.adapter/,
      ),
    );
    await expect(imported(path, { network: { ...network, blocks: 2 } })).rejects.toMatchObject(mismatch(/missing/));
  });

  it('lacks the copy of the UNet that was asked for', async () => {
    const file = await changed((tensors) => {
      for (const name of Object.keys(tensors)) if (name.startsWith('ema_model.')) delete tensors[name];
    });
    await expect(imported(file)).rejects.toMatchObject(mismatch(/holds no UNet under ema_model\.averaged_model\./));
    await imported(file, { weights: 'last' });
  }, 60_000);

  it('is of another recognizer than the one that styles are read by', async () => {
    const file = await changed((tensors) => {
      const bias = tensors['recognition_model.backbone.input_layer.1.bias'] as SafeTensor;
      tensors['recognition_model.backbone.input_layer.1.bias'] = {
        ...bias,
        data: (bias.data as Float32Array).map((x) => x + 1),
      };
    });
    await expect(imported(file)).rejects.toMatchObject(mismatch(/not the one.*input_layer\.1\.bias differs/));
  });
});

describe('a network of the published code that this one cannot be', () => {
  const square = { ...unet, imageSize: 112, multipliers: [1, 1, 2, 2, 4, 4], headChannels: 64 };
  const listed = (name: string, shape: number[] = [1]): ListedTensor => ({ name, shape, dtype: 'F32' });
  const tried =
    (tensors: ListedTensor[], settings: { [path: string]: string | number | boolean } = {}, more = {}) =>
    () =>
      refuseOtherNetworks(
        {
          ...{ format: 'pytorch', tensors, values: async () => new Float32Array() },
          setting: (keys) => settings[keys.join('.')],
        },
        { ...square, ...more },
      );

  it('is refused by the names of its tensors, with a reason', () => {
    expect(tried([])).not.toThrow();
    for (const [name, reason] of [
      ['input_blocks.2.0.op.weight', /resblock_updown: false/],
      ['output_blocks.1.1.conv.weight', /resblock_updown: false/],
      ['label_emb.weight', /class_cond/],
      ['middle_block.1.encoder_kv.weight', /projects the tokens for itself/],
      ['label_mapping.cross_attn_adapter.weight', /image_and_patchstat_spatial/],
      ['external_mapping.conv_1.weight', /several maps/],
    ] as const)
      expect(tried([listed(name)])).toThrow(reason);
    const scale = listed('input_blocks.1.0.out_layers.0.weight', [8]);
    expect(tried([scale, listed('input_blocks.1.0.emb_layers.1.weight', [16, 4])])).not.toThrow();
    expect(tried([scale, listed('input_blocks.1.0.emb_layers.1.weight', [8, 4])])).toThrow(/use_scale_shift_norm/);
  });

  it('is refused by what the checkpoint says of it, where names do not tell', () => {
    const at = (name: string, value: string | number | boolean) => ({
      [`hyper_parameters.unet_config.${name}`]: value,
    });
    expect(tried([], at('model_params.use_new_attention_order', false))).not.toThrow();
    expect(tried([], at('model_params.use_new_attention_order', true))).toThrow(
      /use_new_attention_order must be false/,
    );
    expect(tried([], at('model_params.num_head_channels', 64))).not.toThrow();
    expect(tried([], at('model_params.num_head_channels', 32))).toThrow(/num_head_channels must be 64, got 32/);
    // OmegaConf keeps what refers to another setting as text.
    expect(tried([], at('model_params.image_size', `\${datamodule.img_size}`))).not.toThrow();
    expect(tried([], at('params.condition_source', 'label_center'))).toThrow(/condition_source/);
  });

  it('is refused where another level is halved', () => {
    expect(tried([], {}, { imageSize: 128 })).toThrow(/keeps the 8 × 8 map behind level 4/);
    expect(tried([], {}, { imageSize: 56 })).toThrow(/halves the 7 × 7 map behind level 3/);
  });

  it('has its settings read from the checkpoint itself', async () => {
    await expect(imported(path, { network: { ...network, headChannels: 8 } })).rejects.toMatchObject({
      message: expect.stringContaining('num_head_channels must be 8, got 4'),
    });
  });
});
