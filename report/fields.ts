import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';

/** The root of a `metrics.json` of this kind. @throws CemiflowError `ReportInputInvalid`, as all others here */
export const ofKind = (json: Json, kind: string, artifact: Digest): JsonObject => {
  const root = asObject(json, 'metrics.json', artifact);
  if (root.kind !== kind)
    throw invalid(artifact, `metrics.json must be of the kind ${kind}, got ${JSON.stringify(root.kind ?? null)}`);
  return root;
};

export const asObject = (value: Json | undefined, path: string, artifact: Digest): JsonObject => {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw invalid(artifact, `${path} must be an object`);
};

export const objectIn = (root: JsonObject, key: string, artifact: Digest): JsonObject =>
  asObject(root[key], key, artifact);

export const numberIn = (root: JsonObject, key: string, artifact: Digest): number => {
  const value = root[key];
  if (typeof value === 'number') return value;
  throw invalid(artifact, `${key} must be a number, got ${JSON.stringify(value ?? null)}`);
};

export const numbersIn = (root: JsonObject, key: string, artifact: Digest): number[] => {
  const value = root[key];
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) return value as number[];
  throw invalid(artifact, `${key} must be a list of numbers`);
};

export const invalid = (artifact: Digest, message: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `metrics ${shortDigest(artifact)}: ${message}`, {
    remedy: 'reference the output of an evaluation, or the log of a training, that this block of the report expects',
    data: { artifact },
  });
