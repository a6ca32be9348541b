import { formatInvalid } from '../invalid.ts';
import type { RandomAccess } from '../source.ts';
import { openTorch, settingOf } from '../torch/index.ts';
import type { TensorFile } from './tensor-file.ts';

/** Opens a checkpoint that `torch.save` wrote: its tensors are read when they are asked for. @throws CemiflowError `FormatInvalid` */
export const openCheckpoint = async (file: RandomAccess): Promise<TensorFile> => {
  const { tensors, root } = await openTorch(file);
  return {
    format: 'pytorch',
    tensors: [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    values: async (name) => {
      const values = await tensors.get(name)?.read();
      if (values instanceof Float32Array) return values;
      if (values instanceof Float64Array) return Float32Array.from(values);
      const found = tensors.get(name)?.dtype ?? 'nothing';
      const message = `${name} must be of float32, float64, float16, bfloat16, got ${found}`;
      throw formatInvalid({ format: 'PyTorch checkpoint', file: file.path, offset: 0, message });
    },
    setting: (path) => settingOf(root, path),
  };
};
