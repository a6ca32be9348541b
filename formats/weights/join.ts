import { CemiflowError } from '../../core/errors.ts';
import type { TensorFile } from './tensor-file.ts';

/** Several files as one, whose tensors have names of their own. @throws CemiflowError `WeightsNotFound` where two files hold one name */
export const joinFiles = (parts: readonly TensorFile[]): TensorFile => {
  const holders = new Map<string, TensorFile>();
  for (const part of parts)
    for (const { name } of part.tensors) {
      if (holders.has(name))
        throw new CemiflowError('WeightsNotFound', `two files of the folder hold ${name}`, {
          remedy: 'name the file itself',
        });
      holders.set(name, part);
    }
  return {
    format: (parts[0] as TensorFile).format,
    tensors: parts.flatMap(({ tensors }) => tensors),
    values: (name) => (holders.get(name) as TensorFile).values(name),
    setting: (path) => parts.map((part) => part.setting(path)).find((value) => value !== undefined),
  };
};
