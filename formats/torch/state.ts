import type { CemiflowError } from '../../core/errors.ts';
import { Inert } from '../pickle/index.ts';
import { TensorRef } from './tensor.ts';

type Fail = (message: string) => CemiflowError;

/** Where checkpoints of face recognition and diffusion keep the weights, first match first. */
const stateKeys = ['state_dict', 'model', 'model_state_dict', 'state_dict_backbone'] as const;

const maxDepth = 16;
const maxVisits = 1_000_000;
const maxTensors = 100_000;
const maxNameLength = 512;

/** Which dict of a checkpoint holds the weights; undefined where the root does. */
export const stateKeyOf = (root: unknown): string | undefined => {
  if (!(root instanceof Map) || [...root.values()].some((value) => value instanceof TensorRef)) return undefined;
  return stateKeys.find((key) => {
    const state = root.get(key);
    return state instanceof Map && state.size > 0;
  });
};

/** Tensors of nested dicts and lists by their path, joined by dots, in the order of the file. */
export const flatten = (state: unknown, fail: Fail): Map<string, TensorRef> => {
  const tensors = new Map<string, TensorRef>();
  let visits = 0;
  const visit = (value: unknown, path: string, depth: number): void => {
    if (value instanceof TensorRef) {
      if (path.length > maxNameLength) throw fail(`names must be at most ${maxNameLength} characters`);
      if (tensors.has(path)) throw fail(`two tensors are named ${JSON.stringify(path)}`);
      if (tensors.size === maxTensors) throw fail(`a checkpoint must hold at most ${maxTensors} tensors`);
      tensors.set(path, value);
      return;
    }
    if (value instanceof Inert && /^torch\._(utils|tensor) _rebuild/.test(value.name)) {
      throw fail(`${shown(path)} is a kind of tensor that is not read (${shown(value.name)})`);
    }
    if (!(value instanceof Map || Array.isArray(value))) return;
    if (depth === maxDepth) throw fail(`weights must not be nested more than ${maxDepth} deep`);
    for (const [key, child] of value.entries()) {
      if (++visits > maxVisits) throw fail(`a checkpoint must hold at most ${maxVisits} values`);
      if (typeof child !== 'object' || child === null) continue;
      const name = typeof key === 'string' || typeof key === 'number' ? String(key) : '';
      visit(child, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(state, '', 0);
  return tensors;
};

const shown = (name: string): string => JSON.stringify(name.slice(0, 80));
