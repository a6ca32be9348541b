export type Env = { readonly [name: string]: string | undefined };
export type Tool = 'temporal' | 'minio';
export interface Versions {
  readonly node: { readonly atLeast: string; readonly below: string };
  readonly tensorflow: {
    readonly version: string;
    readonly cpu: string;
    readonly gpu: string;
    readonly gpuExtra: string;
  };
  /** Pins for the wheels that TensorFlow's CUDA extra names. */
  readonly cuda: { readonly [wheel: string]: string };
  readonly temporal: { readonly module: string; readonly version: string };
  readonly minio: { readonly module: string; readonly version: string };
}
export const versions: Versions;
export const toolDir: (env: Env, tool: Tool) => string;
export const toolPath: (env: Env, tool: Tool) => string;
export const tensorflowDir: (env: Env, variant: 'cpu' | 'gpu') => string;
