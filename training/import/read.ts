import { CemiflowError, type JsonObject } from '../../core/errors.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import type { ListedTensor, TensorFile } from '../../formats/weights/tensor-file.ts';
import { type StoredParameter, storedShape } from '../../nn/weights.ts';
import { type Match, matchTensors, rivalPrefixes } from './match.ts';

/** As parameters give it: what the file puts before the network's names, or `auto`. */
export const matchUnder = (
  tensors: readonly ListedTensor[],
  parameters: readonly StoredParameter[],
  prefix: string,
): Match => matchTensors(tensors, parameters, prefix === 'auto' ? undefined : prefix);

/** @throws CemiflowError `PrefixAmbiguous` where the file holds the whole network more than once */
export const requireOnePrefix = (
  tensors: readonly ListedTensor[],
  parameters: readonly StoredParameter[],
  prefix: string,
): void => {
  const rivals = prefix === 'auto' ? rivalPrefixes(tensors, parameters) : [];
  if (rivals.length === 0) return;
  throw new CemiflowError('PrefixAmbiguous', `the file holds the network under ${rivals.map(quoted).join(' and ')}`, {
    remedy: 'set prefix to the one that is meant',
    data: { prefixes: rivals },
  });
};

const quoted = (text: string): string => JSON.stringify(text);

/**
 * The values of all matched parameters, in PyTorch's layout under the network's names.
 *
 * @param onRead called after each tensor
 */
export const readMatched = async (
  file: TensorFile,
  parameters: readonly StoredParameter[],
  { matched }: Match,
  onRead: (done: number) => Promise<void>,
): Promise<{ readonly [name: string]: SafeTensor }> => {
  const tensors: [string, SafeTensor][] = [];
  for (const parameter of parameters) {
    const name = matched.get(parameter.name);
    if (name === undefined) continue;
    const data = await file.values(name);
    tensors.push([parameter.name, { dtype: 'F32', shape: storedShape(parameter), data }]);
    await onRead(tensors.length);
  }
  return Object.fromEntries(tensors);
};

/** Names that the report lists of each kind; all of them are counted. */
const listed = 1000;

/** What became of the tensors of a file: its counts, for a manifest, and its names, for `import.json`. */
export const importReport = (
  { format }: Pick<TensorFile, 'format'>,
  { prefix, matched, missing, ignored, unexpected, beside }: Match,
): { readonly counts: JsonObject; readonly names: JsonObject } => {
  const lists = { missing, ignored, unexpected, beside };
  const count = Object.fromEntries(Object.entries(lists).map(([kind, names]) => [kind, names.length]));
  const first = Object.fromEntries(Object.entries(lists).map(([kind, names]) => [kind, names.slice(0, listed)]));
  const counts = { format, prefix, matched: matched.size, ...count };
  return { counts, names: { ...counts, ...first, matched: Object.fromEntries(matched) } };
};
