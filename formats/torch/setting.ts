import { Inert } from '../pickle/index.ts';

/** A setting of a training, as its checkpoint holds it. */
export type Setting = string | number | boolean;

/**
 * What a checkpoint says under a path of keys, such as `hyper_parameters`, `arch`: in plain dicts, or in OmegaConf's, whose pickles hold
 * the entries of a dict under `_content` and a value under `_val`.
 *
 * @param root of a checkpoint (`TorchFile`) @returns undefined where there is no such setting, or it is no plain value
 */
export const settingOf = (root: unknown, path: readonly string[]): Setting | undefined => {
  let value = unwrapped(root);
  for (const key of path) value = value instanceof Map ? unwrapped(value.get(key)) : undefined;
  return ['string', 'number', 'boolean'].includes(typeof value) ? (value as Setting) : undefined;
};

const unwrapped = (value: unknown): unknown => {
  if (!(value instanceof Inert && value.state instanceof Map)) return value;
  return value.state.has('_content') ? value.state.get('_content') : value.state.get('_val');
};
