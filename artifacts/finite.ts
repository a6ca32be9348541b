import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import type { SafeArray } from '../formats/safetensors.ts';

/**
 * Refuses values that are no finite numbers: weights, embeddings or scores of a computation that diverged, which would look like
 * results.
 *
 * @param name of the tensor, for the message
 * @throws CemiflowError `NotFinite`
 */
export const checkFinite = (name: string, data: SafeArray | readonly number[]): void => {
  if (!(data instanceof Float32Array || data instanceof Float64Array || Array.isArray(data))) return;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) throw notFinite(`${name}[${i}]`, data[i]);
};

/**
 * A plain copy of a value, ready to be stored as JSON.
 *
 * @param path of the value, for the message
 * @throws CemiflowError `NotFinite`, and `NotCanonical` for what JSON cannot hold
 */
export const toJson = (value: unknown, path: string): Json => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw notFinite(path, value);
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return value as Json;
  if (Array.isArray(value)) return value.map((each, i) => toJson(each, `${path}.${i}`));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) return toJsonObject(value, path);
  throw new CemiflowError('NotCanonical', `${path} must be a JSON value, got ${typeof value}`, {
    remedy: 'pass plain JSON: finite numbers, strings, booleans, null, arrays and plain objects',
    data: { path },
  });
};

/** As `toJson`, of an object. */
export const toJsonObject = (value: object, path: string): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toJson(each, `${path}.${name}`)]));

const notFinite = (where: string, found: unknown): CemiflowError =>
  new CemiflowError('NotFinite', `${where} must be a finite number, got ${found}`, {
    remedy: 'what computed it has diverged: lower the learning rate, raise warmup, or look for damaged inputs',
    data: { where, found: String(found) },
  });
