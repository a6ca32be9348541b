import { folderOf } from '../paths.ts';
import type { TarSample } from './samples.ts';

/** Fields of a sample's `.json` that may hold the identity, the first one found counts. */
const fields = ['label', 'identity', 'id'];

/**
 * The identity of a sample: the number in its `.cls`; else the field `label`, `identity` or `id` of its `.json`, a number or a
 * string; else the name of its folder.
 *
 * @returns `fault`: what is wrong with the label, or that there is none
 */
export const labelOf = ({ key, files, bytes }: TarSample): { identity: number | string } | { fault: string } => {
  if (files.has('cls')) {
    const text = bytes.get('cls')?.toString('latin1').trim() ?? '';
    return isLabel(Number(text)) && /^[0-9]+$/.test(text)
      ? { identity: Number(text) }
      : { fault: 'has a .cls that is not a whole number from 0 below 2^31' };
  }
  if (files.has('json')) {
    const found = fromJson(bytes.get('json'));
    if (found !== undefined) return found;
  }
  const folder = folderOf(key);
  return folder === undefined
    ? { fault: 'has no label: no .cls, no .json with one, and no folder' }
    : { identity: folder };
};

const fromJson = (bytes: Buffer | undefined): { identity: number | string } | { fault: string } | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(bytes?.toString() ?? '');
  } catch {
    return { fault: 'has a .json that is damaged, or over 1 MiB' };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const field of fields) {
    if (!Object.hasOwn(value, field)) continue;
    const label = (value as { [field: string]: unknown })[field];
    if (typeof label === 'number' ? isLabel(label) : typeof label === 'string' && label !== '') {
      return { identity: label as number | string };
    }
    return { fault: `has a .json whose ${field} is neither a name nor a whole number from 0 below 2^31` };
  }
  return undefined;
};

const isLabel = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 31;
