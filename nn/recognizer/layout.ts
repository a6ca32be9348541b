import type { Initialiser, Parameter } from '../parameter.ts';
import type { StoredParameter } from '../weights.ts';
import { imageSides, lastMap, type RecognizerConfig, type Size, squeezed, strided, unitsOf } from './config.ts';
import { namesOf, squeezeName } from './names.ts';

/** A parameter, or a running statistic, of the recognizer under its published name. */
export interface RecognizerParameter extends StoredParameter {
  /** Running statistics are not trained, nor is the weight of InsightFace's last normalisation. */
  readonly trained: boolean;
  /** AdaFace decays everything but batch normalisation: also biases and the slopes of PReLU. */
  readonly decayed: boolean;
}

/**
 * First weights of a convolution or linear layer. AdaFace: Kaiming, fan out, for ReLU, which is a normal of variance
 * 2 / fan out, and biases of 0. InsightFace: convolutions from a normal of deviation 0.1, the linear layer as PyTorch does.
 */
const initialisers = ({ variant }: RecognizerConfig) => ({
  conv: (fanOut: number): Initialiser => ({ type: 'normal', std: variant === 'iresnet' ? 0.1 : Math.sqrt(2 / fanOut) }),
  linear: (fanIn: number, fanOut: number): { weight: Initialiser; bias: Initialiser } => {
    const uniform = { type: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const;
    if (variant === 'iresnet') return { weight: uniform, bias: uniform };
    return { weight: { type: 'normal', std: Math.sqrt(2 / fanOut) }, bias: { type: 'zeros' } };
  },
});

const learned = (parameter: StoredParameter): RecognizerParameter => ({ ...parameter, trained: true, decayed: true });

const slopes = (name: string, channels: number): RecognizerParameter =>
  learned({ name: `${name}.weight`, shape: [channels], kind: 'vector', init: { type: 'constant', value: 0.25 } });

/** What a normalisation learns: weight and bias; its bias alone, beside a weight that stays 1; or nothing. */
type Learns = 'both' | 'bias' | 'nothing';

const norm = (name: string, channels: number, learns: Learns = 'both'): RecognizerParameter[] => {
  const vector = (part: string, type: 'ones' | 'zeros', trained: boolean): RecognizerParameter => {
    const parameter: Parameter = { name: `${name}.${part}`, shape: [channels], kind: 'vector', init: { type } };
    return { ...parameter, trained, decayed: false };
  };
  return [
    ...(learns === 'nothing' ? [] : [vector('weight', 'ones', learns === 'both'), vector('bias', 'zeros', true)]),
    vector('running_mean', 'zeros', false),
    vector('running_var', 'ones', false),
  ];
};

/** Every parameter and running statistic of the backbone. */
export const recognizerParameters = (config: RecognizerConfig): RecognizerParameter[] => {
  const { variant, stemWidth, embedding } = config;
  const { stem, unit, head } = namesOf(config);
  const { channels, size } = lastMap(config);
  const init = initialisers(config);
  const conv = (name: string, kernel: number, from: number, to: number): RecognizerParameter => {
    const shape = [kernel, kernel, from, to];
    return learned({ name: `${name}.weight`, shape, kind: 'conv', init: init.conv(kernel * kernel * to) });
  };
  const units = unitsOf(config).flatMap(({ name, from, to, projected }) => {
    const at = (layer: string): string => `${name}.${layer}`;
    return [
      ...(projected ? [conv(at(unit.shortcutConv), 1, from, to), ...norm(at(unit.shortcutNorm), to)] : []),
      ...norm(at(unit.norm1), from),
      conv(at(unit.conv1), 3, from, to),
      ...norm(at(unit.norm2), to),
      slopes(at(unit.slopes), to),
      conv(at(unit.conv2), 3, to, to),
      ...norm(at(unit.norm3), to),
      ...(variant === 'ir_se'
        ? [conv(`${at(squeezeName)}.fc1`, 1, to, squeezed(to)), conv(`${at(squeezeName)}.fc2`, 1, squeezed(to), to)]
        : []),
    ];
  });
  const inputs = area(size) * channels;
  const { weight, bias } = init.linear(inputs, embedding);
  return [
    conv(stem.conv, 3, 3, stemWidth),
    ...norm(stem.norm, stemWidth),
    slopes(stem.slopes, stemWidth),
    ...units,
    ...norm(head.norm, channels),
    learned({
      name: `${head.linear}.weight`,
      shape: [inputs, embedding],
      kind: 'linear',
      flattened: [...size, channels],
      init: weight,
    }),
    learned({ name: `${head.linear}.bias`, shape: [embedding], kind: 'vector', init: bias }),
    ...norm(head.features, embedding, variant === 'iresnet' ? 'bias' : 'nothing'),
  ];
};

/** Multiplications of the convolutions and linear layers for one image. */
export const multiplications = (config: RecognizerConfig): number => {
  const { channels, size } = lastMap(config);
  return ofUnits(config, unitsOf(config).length) + area(size) * channels * config.embedding;
};

/** The same of the stem and the first stage alone. */
export const firstStage = (config: RecognizerConfig): number => ofUnits(config, config.depths[0] as number);

/** Of the stem and the first units. */
const ofUnits = (config: RecognizerConfig, count: number): number => {
  const stem = area(strided(imageSides(config), config.stemStride)) * 27 * config.stemWidth;
  const units = unitsOf(config)
    .slice(0, count)
    .map(({ from, to, stride, size: inSize, projected }) => {
      const [inside, outside] = [area(inSize), area(strided(inSize, stride))];
      const shortcut = projected ? outside * from * to : 0;
      const se = config.variant === 'ir_se' ? 2 * to * squeezed(to) : 0;
      return inside * 9 * from * to + outside * 9 * to * to + shortcut + se;
    });
  return units.reduce((a, b) => a + b, stem);
};

const area = ([height, width]: Size): number => height * width;
