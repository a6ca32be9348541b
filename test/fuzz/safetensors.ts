import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from '../../formats/safetensors.ts';
import type { FuzzTarget } from './target.ts';

const tensors = {
  'conv.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  steps: { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) },
  pixels: { dtype: 'U8', shape: [0, 4], data: new Uint8Array() },
} as const;

export const target: FuzzTarget = {
  name: 'safetensors',
  seeds: [encodeSafetensors(tensors, { format: 'pt' }), encodeSafetensors({})],
  run: async (bytes) => {
    decodeSafetensors(bytes);
    safetensorsMetadata(bytes);
  },
};
