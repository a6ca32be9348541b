import { CemiflowError } from '../../core/errors.ts';

/**
 * A recognizer: a stem, four stages of IR units (fewer or more are allowed), an embedding.
 * Stored in a weights artifact's `meta.network`, from which the network is rebuilt.
 */
export interface RecognizerConfig {
  /**
   * `ir` is AdaFace's (`net.py`); `ir_se` adds squeeze and excitation to every unit. `iresnet` is InsightFace's
   * (`iresnet.py`): its parameter names, a convolution in the shortcut of every unit that strides or widens, and a last
   * normalisation that learns its bias alone.
   */
  readonly variant: 'ir' | 'ir_se' | 'iresnet';
  readonly stemWidth: number;
  /** 1 in the paper; 2 makes small networks about four times as fast. */
  readonly stemStride: number;
  /** Channels of each stage. */
  readonly widths: readonly number[];
  /** Units of each stage. */
  readonly depths: readonly number[];
  /** Stride of each stage's first unit. */
  readonly strides: readonly number[];
  /** Length of the embedding. */
  readonly embedding: number;
  /** Of its images in pixels: one side where they are square, else height and width. */
  readonly imageSize: number | readonly [height: number, width: number];
  /** Before the embedding layer; 0.4 in AdaFace, 0 in InsightFace. */
  readonly dropout: number;
  /** The channel order that the weights were trained on: AdaFace's published ones take `bgr`. */
  readonly channels: 'rgb' | 'bgr';
}

const paper = {
  stemWidth: 64,
  stemStride: 1,
  widths: [64, 128, 256, 512],
  strides: [2, 2, 2, 2],
  embedding: 512,
  imageSize: 112,
  dropout: 0.4,
  channels: 'rgb',
} as const;

/** Named configurations: AdaFace's, InsightFace's, and a small one for images of 32 pixels on a CPU. */
export const presets = {
  small: {
    variant: 'ir',
    stemWidth: 24,
    stemStride: 2,
    widths: [24, 48, 96, 128],
    depths: [1, 1, 1, 1],
    strides: [1, 2, 2, 2],
    embedding: 128,
    imageSize: 32,
    dropout: 0,
    channels: 'rgb',
  },
  ir_18: { ...paper, variant: 'ir', depths: [2, 2, 2, 2] },
  ir_34: { ...paper, variant: 'ir', depths: [3, 4, 6, 3] },
  ir_50: { ...paper, variant: 'ir', depths: [3, 4, 14, 3] },
  ir_100: { ...paper, variant: 'ir', depths: [3, 13, 30, 3] },
  ir_se_50: { ...paper, variant: 'ir_se', depths: [3, 4, 14, 3] },
  ir_se_100: { ...paper, variant: 'ir_se', depths: [3, 13, 30, 3] },
  iresnet_18: { ...paper, variant: 'iresnet', depths: [2, 2, 2, 2], dropout: 0 },
  iresnet_34: { ...paper, variant: 'iresnet', depths: [3, 4, 6, 3], dropout: 0 },
  iresnet_50: { ...paper, variant: 'iresnet', depths: [3, 4, 14, 3], dropout: 0 },
  iresnet_100: { ...paper, variant: 'iresnet', depths: [3, 13, 30, 3], dropout: 0 },
} as const satisfies Record<string, RecognizerConfig>;

export type Preset = keyof typeof presets;

/** A preset with some of its values replaced. @throws CemiflowError `NetworkInvalid` where the lists do not fit */
export const recognizerConfig = (preset: Preset, overrides: Partial<RecognizerConfig> = {}): RecognizerConfig => {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const config: RecognizerConfig = { ...presets[preset], ...given };
  const { widths, depths, strides } = config;
  if (widths.length === 0 || depths.length !== widths.length || strides.length !== widths.length) {
    throw new CemiflowError(
      'NetworkInvalid',
      `widths, depths and strides must have one value a stage, got ${widths.length}, ${depths.length}, ${strides.length}`,
      {
        remedy: 'give all three lists the same length',
        data: { widths: [...widths], depths: [...depths], strides: [...strides] },
      },
    );
  }
  return config;
};

/** One IR unit. */
export interface Unit {
  /** AdaFace counts through (`body.3`), InsightFace by stage (`layer2.0`). */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  /** Whether the shortcut is a 1 × 1 convolution; otherwise it takes every `stride`-th pixel. */
  readonly projected: boolean;
  /** Of what comes in, in pixels. */
  readonly size: Size;
}

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** Height and width of the images that a recognizer takes. */
export const imageSides = ({ imageSize }: Pick<RecognizerConfig, 'imageSize'>): Size =>
  typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize;

/**
 * The side of the images of a generator, which are those of its recognizer.
 *
 * @throws CemiflowError `SizeMismatch` where these are not square
 */
export const squareSide = (config: RecognizerConfig): number => {
  const [height, width] = imageSides(config);
  if (height === width) return height;
  throw new CemiflowError('SizeMismatch', `generators make square images, the recognizer takes ${height} × ${width}`, {
    remedy: 'train a recognizer on images of equal height and width',
    data: { height, width },
  });
};

/** What a stride leaves of a size. */
export const strided = ([height, width]: Size, stride: number): Size => [
  Math.ceil(height / stride),
  Math.ceil(width / stride),
];

/** The units in order; the stride of a stage belongs to its first one. */
export const unitsOf = (config: RecognizerConfig): Unit[] => {
  const insightFace = config.variant === 'iresnet';
  const units: Unit[] = [];
  let from = config.stemWidth;
  let size = strided(imageSides(config), config.stemStride);
  config.widths.forEach((to, stage) => {
    for (let i = 0; i < (config.depths[stage] as number); i++) {
      const stride = i === 0 ? (config.strides[stage] as number) : 1;
      const name = insightFace ? `layer${stage + 1}.${i}` : `body.${units.length}`;
      units.push({ name, from, to, stride, size, projected: from !== to || (insightFace && stride > 1) });
      from = to;
      size = strided(size, stride);
    }
  });
  return units;
};

/** What the units leave: channels, and height and width in pixels. */
export const lastMap = (config: RecognizerConfig): { channels: number; size: Size } => {
  const last = unitsOf(config).at(-1);
  return last
    ? { channels: last.to, size: strided(last.size, last.stride) }
    : { channels: config.stemWidth, size: strided(imageSides(config), config.stemStride) };
};

/** Channels between the two layers of squeeze and excitation. */
export const squeezed = (channels: number): number => Math.max(1, Math.floor(channels / 16));
