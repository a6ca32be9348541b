import { CemiflowError, type Json } from './errors.ts';

/**
 * Canonical JSON: keys sorted by code unit, no spaces, numbers as ECMAScript prints them (RFC 8785's rules for the
 * values that we allow). Equal values give equal bytes, so that digests of them can be compared.
 *
 * @throws CemiflowError `NotCanonical` for NaN, infinities, undefined, functions and class instances.
 */
export const canonicalJson = (value: Json): string => write(value, '$');

const write = (value: unknown, path: string): string => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notCanonical(path, String(value));
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item, i) => write(item, `${path}[${i}]`)).join(',')}]`;
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${write(v, `${path}.${k}`)}`).join(',')}}`;
  }
  throw notCanonical(path, typeof value);
};

const notCanonical = (path: string, found: string): CemiflowError =>
  new CemiflowError('NotCanonical', `${path} must be a finite JSON value, got ${found}`, {
    remedy: 'pass plain JSON: finite numbers, strings, booleans, null, arrays and plain objects',
    data: { path, found },
  });
