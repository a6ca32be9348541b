import type { ListedTensor, TensorFile } from '../../../formats/weights/tensor-file.ts';

/** Where the published checkpoint keeps its UNet: the average that it samples with, and the last values. */
export const unetPrefixes = { average: 'ema_model.averaged_model.', last: 'model.' } as const;

/** The recognizer that styles are read from, which was frozen in training. */
export const recognizerPrefix = 'recognition_model.backbone.';

/** Beside E_id: the classifier and the centres that came with its first weights, which nothing reads. */
const unused = /^label_mapping\.backbone\.(head|center)\./;

/** The generator of a checkpoint, under our names. */
export interface GeneratorFile extends TensorFile {
  /** Our names to the file's. */
  readonly names: ReadonlyMap<string, string>;
  /** Tensors of the file that are no part of the generator: another copy of the UNet, frozen recognizers. */
  readonly beside: readonly string[];
}

/**
 * What of a checkpoint is the generator. The projection of tokens is a layer of E_sty there. Of six output channels, the last three are a
 * variance that no loss trained and no sampler reads: they are left.
 */
export const generatorFile = (file: TensorFile, weights: keyof typeof unetPrefixes): GeneratorFile => {
  const prefix = unetPrefixes[weights];
  const names = new Map<string, string>();
  const beside: string[] = [];
  for (const { name } of file.tensors) {
    if (name.startsWith(prefix)) names.set(name.slice(prefix.length), name);
    else if (/^(label|external)_mapping\./.test(name) && !unused.test(name))
      names.set(name.replace('external_mapping.cross_attn_adapter.', 'cross_attn_adapter.'), name);
    else beside.push(name);
  }
  const listed = new Map(file.tensors.map((tensor) => [tensor.name, tensor]));
  const shapeOf = (own: string, { shape }: ListedTensor): readonly number[] =>
    holdsVariance(own, shape) ? [3, ...shape.slice(1)] : shape;
  return {
    ...{ format: file.format, names, beside },
    tensors: [...names].map(([own, name]) => {
      const tensor = listed.get(name) as ListedTensor;
      return { name: own, shape: shapeOf(own, tensor), dtype: tensor.dtype };
    }),
    values: async (own) => {
      const name = names.get(own) as string;
      const values = await file.values(name);
      return holdsVariance(own, listed.get(name)?.shape ?? []) ? values.slice(0, values.length / 2) : values;
    },
    setting: (path) => file.setting(path),
  };
};

const holdsVariance = (own: string, shape: readonly number[]): boolean => /^out\.2\./.test(own) && shape[0] === 6;
