/**
 * One parameter of a network, under PyTorch's name. `shape` is the layout in memory: convolutions HWIO, linear layers
 * [in, out]; files hold PyTorch's (OIHW, [out, in]), see `weights.ts`.
 */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: 'conv' | 'linear' | 'vector';
  readonly init: Initialiser;
}

/** PyTorch's default for convolutions and linear layers is `uniform` with bound 1/sqrt(fan in). */
export type Initialiser =
  | { readonly type: 'zeros' }
  | { readonly type: 'ones' }
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'uniform'; readonly bound: number }
  | { readonly type: 'normal'; readonly std: number }
  /** These very values, row-major. */
  | { readonly type: 'values'; readonly values: Float32Array };

export const parameterCount = (parameters: readonly Parameter[]): number =>
  parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** A convolution's weight [k, k, in, out] and bias [out], initialised as PyTorch does (or with zeros). */
export const convParameters = (name: string, kernel: number, from: number, to: number, zero = false): Parameter[] => {
  const bound = 1 / Math.sqrt(kernel * kernel * from);
  const init: Initialiser = zero ? { type: 'zeros' } : { type: 'uniform', bound };
  return [
    { name: `${name}.weight`, shape: [kernel, kernel, from, to], kind: 'conv', init },
    { name: `${name}.bias`, shape: [to], kind: 'vector', init },
  ];
};

/** A linear layer's weight [in, out] and bias [out], initialised as PyTorch does (or with zeros). */
export const linearParameters = (name: string, from: number, to: number, zero = false): Parameter[] => {
  const init: Initialiser = zero ? { type: 'zeros' } : { type: 'uniform', bound: 1 / Math.sqrt(from) };
  return [
    { name: `${name}.weight`, shape: [from, to], kind: 'linear', init },
    { name: `${name}.bias`, shape: [to], kind: 'vector', init },
  ];
};

/** A normalisation layer's gamma and beta. */
export const normParameters = (name: string, channels: number): Parameter[] => [
  { name: `${name}.weight`, shape: [channels], kind: 'vector', init: { type: 'ones' } },
  { name: `${name}.bias`, shape: [channels], kind: 'vector', init: { type: 'zeros' } },
];
