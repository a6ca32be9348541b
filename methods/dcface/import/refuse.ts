import { CemiflowError } from '../../../core/errors.ts';
import type { Setting } from '../../../formats/torch/index.ts';
import type { TensorFile } from '../../../formats/weights/tensor-file.ts';
import type { UNetConfig } from '../../../nn/unet/config.ts';

/** What the published code can build and this network is not, as names of tensors tell it. */
const foreign: readonly { readonly names: RegExp; readonly what: string }[] = [
  { names: /^label_emb\./, what: 'classes join its time (class_cond)' },
  { names: /\.encoder_kv\./, what: 'each attention block projects the tokens for itself' },
  {
    names: /^input_blocks\.\d+\.0\.op\.|^output_blocks\.\d+\.\d+\.conv\./,
    what: 'layers of their own halve and double the size (resblock_updown: false)',
  },
  {
    names: /^label_mapping\.cross_attn_adapter\.|^external_mapping\.linear\./,
    what: 'the style joins its time, and the identity its attention (condition_source: image_and_patchstat_spatial)',
  },
  { names: /^external_mapping\.conv_[1-9]/, what: 'styles are read from several maps (return_spatial)' },
];

type Required = { readonly setting: string; readonly value: Setting; readonly unless?: boolean };

/**
 * Refuses checkpoints of networks that the published code can build and this one cannot: by names and shapes, and by what the checkpoint
 * says of its training. Order and number of attention heads leave no trace in names.
 *
 * @param file the generator's tensors under our names @throws CemiflowError `WeightsMismatch`
 */
export const refuseOtherNetworks = (file: TensorFile, unet: UNetConfig & { readonly imageSize: number }): void => {
  const refuse = (what: string, remedy = 'take in a checkpoint of the published configuration'): never => {
    throw new CemiflowError('WeightsMismatch', `the checkpoint is of another network: ${what}`, { remedy });
  };
  for (const { names, what } of foreign) {
    const found = file.tensors.find(({ name }) => names.test(name));
    if (found) refuse(`${what}; it has ${found.name}`);
  }
  const rows = (name: string): number | undefined => file.tensors.find((each) => each.name === name)?.shape[0];
  const [time, channels] = [rows('input_blocks.1.0.emb_layers.1.weight'), rows('input_blocks.1.0.out_layers.0.weight')];
  if (time !== undefined && time === channels)
    refuse('the time is added, and does not scale (use_scale_shift_norm: false)');
  const required: readonly Required[] = [
    { setting: 'model_params.use_new_attention_order', value: false },
    { setting: 'model_params.num_head_channels', value: unet.headChannels },
    { setting: 'model_params.image_size', value: unet.imageSize },
    { setting: 'params.condition_type', value: 'crossatt_and_stylemod' },
    { setting: 'params.condition_source', value: 'patchstat_spatial_and_image' },
  ];
  for (const { setting, value } of required) {
    const found = file.setting(['hyper_parameters', 'unet_config', ...setting.split('.')]);
    if (found !== undefined && typeof found === typeof value && found !== value)
      refuse(`${setting} must be ${value}, got ${found}`, 'give network the values that the checkpoint was made with');
  }
  refuseOtherHalving(unet, refuse);
};

/** The published code never halves behind its fifth level, where 112 pixels have become 7. This network halves what is even. */
const unhalved = 4;

const refuseOtherHalving = (
  { imageSize, multipliers }: { imageSize: number; multipliers: readonly number[] },
  refuse: (what: string, remedy: string) => never,
): void => {
  let side = imageSize;
  for (let level = 0; level < multipliers.length - 1; level++) {
    const halved = side % 2 === 0;
    if (halved === (level === unhalved))
      refuse(
        `the published network ${halved ? 'keeps' : 'halves'} the ${side} × ${side} map behind level ${level}, this one ${halved ? 'halves' : 'keeps'} it`,
        'choose a recognizer for images of 112 pixels, as published',
      );
    if (halved) side /= 2;
  }
};
