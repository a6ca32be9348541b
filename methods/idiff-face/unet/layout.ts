import { CemiflowError } from '../../../core/errors.ts';
import { convParameters, linearParameters, normParameters, type Parameter } from '../../../nn/parameter.ts';
import { type ContextUNet, headsOf } from './config.ts';

/** One module of the UNet, under the name that the published code gives it. */
export type Module =
  /** A residual block, and where a level has attention, a transformer block behind it. */
  | {
      readonly type: 'block';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      readonly attention: boolean;
    }
  /** `doubled`, `halved`: false where an odd size could not be halved, so that two levels have the same. */
  | { readonly type: 'down'; readonly name: string; readonly channels: number; readonly halved: boolean }
  | { readonly type: 'up'; readonly name: string; readonly channels: number; readonly doubled: boolean };

/** The UNet's modules in order: outputs of `down` are kept, and concatenated into the blocks of `up` in reverse. */
export interface Layout {
  readonly down: readonly Module[];
  /** Channels of the two residual blocks and the transformer block between them. */
  readonly middle: number;
  readonly up: readonly Module[];
}

/** @throws CemiflowError `NetworkInvalid` where attention names a level that there is not */
export const layoutOf = (config: ContextUNet): Layout => {
  const { base, multipliers, blocks, attention } = config;
  checkAttention(config);
  const widths = multipliers.map((each) => each * base);
  const last = widths.length - 1;
  const down: Module[] = [];
  const kept = [base];
  const halved: boolean[] = [];
  let { side } = config;
  let channels = base;
  for (const [level, to] of widths.entries()) {
    for (let i = 0; i < blocks; i++) {
      const name = `down.${down.length}`;
      down.push({ type: 'block', name, from: channels, to, attention: attention.includes(level) });
      kept.push(to);
      channels = to;
    }
    if (level === last) break;
    halved[level] = side % 2 === 0;
    if (halved[level]) side /= 2;
    down.push({ type: 'down', name: `down.${down.length}`, channels, halved: halved[level] });
    kept.push(channels);
  }
  const middle = channels;
  const up: Module[] = [];
  for (let level = last; level >= 0; level--) {
    // The last block of a level already has the channels of the next one.
    const next = level > 0 ? (widths[level - 1] as number) : base;
    for (let i = 0; i <= blocks; i++) {
      const to = i < blocks ? (widths[level] as number) : next;
      const from = channels + (kept.pop() as number);
      up.push({ type: 'block', name: `up.${up.length}`, from, to, attention: attention.includes(level) });
      channels = to;
    }
    if (level > 0) up.push({ type: 'up', name: `up.${up.length}`, channels, doubled: halved[level - 1] as boolean });
  }
  return { down, middle, up };
};

const checkAttention = ({ attention, multipliers }: ContextUNet): void => {
  const last = multipliers.length - 1;
  const beyond = attention.find((level) => level > last);
  if (beyond === undefined) return;
  throw new CemiflowError(
    'NetworkInvalid',
    `attention names level ${beyond}, the last of the multipliers is level ${last}`,
    { remedy: `name levels 0 to ${last}` },
  );
};

/** Length of the embedding of the time. */
export const timeSize = ({ base }: Pick<ContextUNet, 'base'>): number => 4 * base;

/** Every parameter, in the order of the published code's. */
export const unetParameters = (config: ContextUNet): Parameter[] => {
  const { base, channels, identitySize, conditionSize } = config;
  const { down, middle, up } = layoutOf(config);
  return [
    ...convParameters('image_proj', 3, channels, base),
    ...linearParameters('time_emb.lin1', base, timeSize(config)),
    ...linearParameters('time_emb.lin2', timeSize(config), timeSize(config)),
    ...linearParameters('context_emb', identitySize, conditionSize),
    ...down.flatMap((each) => moduleParameters(each, config)),
    ...residualParameters('middle.res1', middle, middle, config),
    ...attentionParameters('middle.attn', middle, config),
    ...residualParameters('middle.res2', middle, middle, config),
    ...up.flatMap((each) => moduleParameters(each, config)),
    ...normParameters('norm', base),
    ...convParameters('final', 3, base, channels, true),
  ];
};

const moduleParameters = (module: Module, config: ContextUNet): Parameter[] => {
  const { name } = module;
  switch (module.type) {
    case 'down':
      return convParameters(`${name}.conv`, 3, module.channels, module.channels);
    case 'up':
      return module.doubled
        ? transposedParameters(`${name}.conv`, module.channels)
        : convParameters(`${name}.conv`, 3, module.channels, module.channels);
    case 'block':
      return [
        ...residualParameters(`${name}.res`, module.from, module.to, config),
        ...(module.attention ? attentionParameters(`${name}.attn`, module.to, config) : []),
      ];
  }
};

/** ConvTranspose2d of kernel 4. PyTorch initialises it by what its weight's second axis, the outputs, would be as a fan in. */
const transposedParameters = (name: string, channels: number): Parameter[] => {
  const init = { type: 'uniform', bound: 1 / Math.sqrt(16 * channels) } as const;
  return [
    { name: `${name}.weight`, shape: [4, 4, channels, channels], kind: 'conv', init },
    { name: `${name}.bias`, shape: [channels], kind: 'vector', init },
  ];
};

const residualParameters = (name: string, from: number, to: number, config: ContextUNet): Parameter[] => [
  ...normParameters(`${name}.norm1`, from),
  ...convParameters(`${name}.conv1`, 3, from, to),
  ...linearParameters(`${name}.time_emb.1`, timeSize(config), to),
  ...linearParameters(`${name}.scale_emb`, to, to),
  ...linearParameters(`${name}.shift_emb`, to, to),
  ...normParameters(`${name}.norm2.norm`, to),
  ...convParameters(`${name}.conv2`, 3, to, to, true),
  ...(from === to ? [] : convParameters(`${name}.shortcut`, 1, from, to)),
];

const attentionParameters = (name: string, channels: number, config: ContextUNet): Parameter[] => {
  const { conditionSize, conditionTokens, headChannels } = config;
  const inner = headsOf(channels, config) * headChannels;
  const heads = (part: string, keys: number): Parameter[] => [
    ...linearParameters(`${name}.${part}.to_q`, inner, inner),
    ...linearParameters(`${name}.${part}.to_k`, keys, inner),
    ...linearParameters(`${name}.${part}.to_v`, keys, inner),
    ...linearParameters(`${name}.${part}.proj_out`, inner, inner),
  ];
  return [
    ...convParameters(`${name}.x_proj_in`, 1, channels, inner),
    ...convParameters(`${name}.x_proj_out`, 1, inner, channels, true),
    ...heads('self_attention', inner),
    ...linearParameters(`${name}.c_proj_in`, conditionSize, conditionSize * conditionTokens),
    ...heads('cross_attention', conditionSize),
    ...normParameters(`${name}.x_norm`, inner),
    ...normParameters(`${name}.c_norm`, conditionSize),
    ...linearParameters(`${name}.ff.0`, inner, 4 * inner),
    ...linearParameters(`${name}.ff.2`, 4 * inner, inner),
  ];
};
