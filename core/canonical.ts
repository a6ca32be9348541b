import { CemiflowError, type Json } from './errors.ts';

/**
 * Canonical JSON: keys sorted by code unit, no spaces, numbers as ECMAScript prints them (RFC 8785's rules for the
 * values that we allow). Equal values give equal bytes, so that digests of them can be compared.
 *
 * @throws CemiflowError `NotCanonical` for NaN, infinities, undefined, functions and class instances.
 */
export const canonicalJson = (value: Json): string => {
  try {
    return write(value);
  } catch (error) {
    // The path is worked out only now: tracking it for each of a plan's 100,000 values would cost more than the JSON itself.
    const [path, found] = strayIn(value, '$') ?? [];
    if (path === undefined) throw error;
    throw new CemiflowError('NotCanonical', `${path} must be a finite JSON value, got ${found}`, {
      remedy: 'pass plain JSON: finite numbers, strings, booleans, null, arrays and plain objects',
      data: { path, found: found as string },
    });
  }
};

const write = (value: unknown): string => {
  if (isLeaf(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item)).join(',')}]`;
  if (!isPlain(value)) throw new TypeError(`no JSON: ${typeof value}`);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${write(value[name])}`).join(',')}}`;
};

const strayIn = (value: unknown, path: string): [path: string, found: string] | undefined => {
  if (isLeaf(value)) return undefined;
  const isList = Array.isArray(value);
  if (!isList && !isPlain(value)) return [path, typeof value === 'number' ? String(value) : typeof value];
  for (const [name, item] of Object.entries(value)) {
    const stray = strayIn(item, isList ? `${path}[${name}]` : `${path}.${name}`);
    if (stray) return stray;
  }
  return undefined;
};

const isLeaf = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value);

const isPlain = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
