import type { ListedTensor } from '../../formats/weights/tensor-file.ts';
import type { StoredParameter } from '../../nn/weights.ts';
import { storedShape } from '../../nn/weights.ts';

/** How the tensors of a file fit the parameters of a network. */
export interface Match {
  /** What the file puts before the network's names: `model.`, `module.`, nothing. */
  readonly prefix: string;
  /** Parameters whose tensor has the right shape: the parameter's name to the file's. */
  readonly matched: ReadonlyMap<string, string>;
  /** Parameters that the file lacks. */
  readonly missing: readonly string[];
  /** Parameters whose tensor has another shape, both in PyTorch's layout. */
  readonly misshapen: readonly Misshapen[];
  /** Counters of PyTorch's normalisations, which no network needs. Names as in the file, here and below. */
  readonly ignored: readonly string[];
  /** Tensors under the prefix that the network does not have. */
  readonly unexpected: readonly string[];
  /** Tensors beside the network: a classifier, another network, the state of an optimizer. */
  readonly beside: readonly string[];
}

export interface Misshapen {
  readonly name: string;
  readonly required: readonly number[];
  readonly found: readonly number[];
}

/**
 * Fits the tensors of a file to the parameters of a network.
 *
 * @param prefix what the file puts before the network's names; default the prefix under which most of them are there
 */
export const matchTensors = (
  listed: readonly ListedTensor[],
  parameters: readonly StoredParameter[],
  prefix = bestPrefix(listed, parameters),
): Match => {
  const shapes = new Map(listed.map(({ name, shape }) => [name, shape]));
  const matched = new Map<string, string>();
  const missing: string[] = [];
  const misshapen: Misshapen[] = [];
  for (const parameter of parameters) {
    const { name } = parameter;
    const found = shapes.get(prefix + name);
    const required = storedShape(parameter);
    if (!found) missing.push(name);
    else if (sameValues(required, found)) matched.set(name, prefix + name);
    else misshapen.push({ name, required, found });
  }
  const known = new Set(parameters.map(({ name }) => prefix + name));
  const others = listed.map(({ name }) => name).filter((name) => !known.has(name));
  const under = others.filter((name) => name.startsWith(prefix) && !isHead(name));
  const ignored = under.filter((name) => name.endsWith('num_batches_tracked'));
  const unexpected = under.filter((name) => !name.endsWith('num_batches_tracked'));
  const beside = others.filter((name) => !under.includes(name));
  return { prefix, matched, missing, misshapen, ignored, unexpected, beside };
};

/** AdaFace's classifier and its statistics, as its checkpoints and our own exports hold them beside the network. */
const isHead = (name: string): boolean => name.startsWith('head.');

/**
 * Whether a tensor holds a parameter's values in its order. Axes of length 1 may be more or fewer: PReLU's slopes may be
 * [C, 1, 1], a linear layer [out, in, 1]. With as many axes the shapes are equal: a kernel of 1 × 7 is none of 7 × 1.
 */
const sameValues = (required: readonly number[], found: readonly number[]): boolean =>
  required.length === found.length
    ? `${required}` === `${found}`
    : `${required.filter((n) => n !== 1)}` === `${found.filter((n) => n !== 1)}`;

/** The prefix under which most parameters are there; of equals the shortest, then the first by name. */
export const bestPrefix = (listed: readonly ListedTensor[], parameters: readonly StoredParameter[]): string => {
  const counts = prefixCounts(listed, parameters);
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || a.length - b.length || (a < b ? -1 : 1));
  return ranked[0]?.[0] ?? '';
};

/** Prefixes under which the whole network is there, where more than one is: which of them is meant, no name can say. */
export const rivalPrefixes = (listed: readonly ListedTensor[], parameters: readonly StoredParameter[]): string[] => {
  const whole = [...prefixCounts(listed, parameters)].filter(([, count]) => count === parameters.length);
  return whole.length > 1 ? whole.map(([prefix]) => prefix).sort() : [];
};

const prefixCounts = (
  listed: readonly ListedTensor[],
  parameters: readonly StoredParameter[],
): ReadonlyMap<string, number> => {
  const names = new Set(parameters.map(({ name }) => name));
  const counts = new Map<string, number>();
  for (const { name } of listed) {
    for (let at = 0; at !== -1; at = next(name, at)) {
      if (names.has(name.slice(at))) counts.set(name.slice(0, at), (counts.get(name.slice(0, at)) ?? 0) + 1);
    }
  }
  return counts;
};

/** Where the next part of a dotted name begins; -1 after the last. */
const next = (name: string, at: number): number => {
  const dot = name.indexOf('.', at);
  return dot === -1 ? -1 : dot + 1;
};
