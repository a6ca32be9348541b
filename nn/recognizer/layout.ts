import type { Initialiser, Parameter } from '../parameters.ts';
import type { StoredParameter } from '../weights.ts';
import { lastMap, type RecognizerConfig, squeezed, unitsOf } from './config.ts';

/** A parameter, or a running statistic, of the recognizer under AdaFace's name. */
export interface RecognizerParameter extends StoredParameter {
  /** Running statistics are not trained. */
  readonly trained: boolean;
  /** AdaFace decays everything but batch normalisation: also biases and the slopes of PReLU. */
  readonly decayed: boolean;
}

/** AdaFace initialises convolutions and linear layers by Kaiming, fan out, for ReLU: a normal of variance 2 / fan out. */
const kaimingFanOut = (fanOut: number): Initialiser => ({ type: 'normal', std: Math.sqrt(2 / fanOut) });

const weight = (parameter: StoredParameter): RecognizerParameter => ({ ...parameter, trained: true, decayed: true });

const conv = (name: string, kernel: number, from: number, to: number): RecognizerParameter =>
  weight({
    name: `${name}.weight`,
    shape: [kernel, kernel, from, to],
    kind: 'conv',
    init: kaimingFanOut(kernel * kernel * to),
  });

const slopes = (name: string, channels: number): RecognizerParameter =>
  weight({ name: `${name}.weight`, shape: [channels], kind: 'vector', init: { type: 'constant', value: 0.25 } });

const norm = (name: string, channels: number, learned = true): RecognizerParameter[] => {
  const vector = (part: string, type: 'ones' | 'zeros', trained: boolean): RecognizerParameter => {
    const parameter: Parameter = { name: `${name}.${part}`, shape: [channels], kind: 'vector', init: { type } };
    return { ...parameter, trained, decayed: false };
  };
  return [
    ...(learned ? [vector('weight', 'ones', true), vector('bias', 'zeros', true)] : []),
    vector('running_mean', 'zeros', false),
    vector('running_var', 'ones', false),
  ];
};

/** Every parameter and running statistic of the backbone, in the order of the network. */
export const recognizerParameters = (config: RecognizerConfig): RecognizerParameter[] => {
  const { channels, size } = lastMap(config);
  const units = unitsOf(config).flatMap(({ name, from, to }) => [
    ...(from === to ? [] : [conv(`${name}.shortcut_layer.0`, 1, from, to), ...norm(`${name}.shortcut_layer.1`, to)]),
    ...norm(`${name}.res_layer.0`, from),
    conv(`${name}.res_layer.1`, 3, from, to),
    ...norm(`${name}.res_layer.2`, to),
    slopes(`${name}.res_layer.3`, to),
    conv(`${name}.res_layer.4`, 3, to, to),
    ...norm(`${name}.res_layer.5`, to),
    ...(config.variant === 'ir_se'
      ? [
          conv(`${name}.res_layer.se_block.fc1`, 1, to, squeezed(to)),
          conv(`${name}.res_layer.se_block.fc2`, 1, squeezed(to), to),
        ]
      : []),
  ]);
  return [
    conv('input_layer.0', 3, 3, config.stemWidth),
    ...norm('input_layer.1', config.stemWidth),
    slopes('input_layer.2', config.stemWidth),
    ...units,
    ...norm('output_layer.0', channels),
    weight({
      name: 'output_layer.3.weight',
      shape: [size * size * channels, config.embedding],
      kind: 'linear',
      flattened: [size, size, channels],
      init: kaimingFanOut(config.embedding),
    }),
    weight({ name: 'output_layer.3.bias', shape: [config.embedding], kind: 'vector', init: { type: 'zeros' } }),
    ...norm('output_layer.4', config.embedding, false),
  ];
};

/** Multiplications of the convolutions and linear layers for one image. */
export const multiplications = (config: RecognizerConfig): number => {
  const { channels, size } = lastMap(config);
  const stem = Math.ceil(config.imageSize / config.stemStride) ** 2 * 27 * config.stemWidth;
  const units = unitsOf(config).map(({ from, to, stride, size: inSize }) => {
    const outSize = Math.ceil(inSize / stride);
    const shortcut = from === to ? 0 : outSize ** 2 * from * to;
    const se = config.variant === 'ir_se' ? 2 * to * squeezed(to) : 0;
    return inSize ** 2 * 9 * from * to + outSize ** 2 * 9 * to * to + shortcut + se;
  });
  return units.reduce((a, b) => a + b, stem) + size * size * channels * config.embedding;
};
