import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError, type Json, type JsonObject } from '../core/errors.ts';
import { fixed } from './format.ts';
import type { Exceeding, PrivacyRow, SetAccuracy, SimilarityRow, TrainingLog, Verification } from './model.ts';

/** Reads `metrics.json` of a verification. @throws CemiflowError `ReportInputInvalid` */
export const verificationOf = (json: Json, artifact: Digest): Omit<Verification, 'input'> => {
  const root = ofKind(json, 'verification', artifact);
  const sets = Object.fromEntries(
    Object.entries(objectIn(root, 'sets', artifact)).map(([name, value]) => [
      name,
      setOf(asObject(value, `sets.${name}`, artifact), artifact),
    ]),
  );
  return { artifact, sets, average: numberIn(root, 'average', artifact) };
};

const setOf = (set: JsonObject, artifact: Digest): SetAccuracy => ({
  accuracy: numberIn(set, 'accuracy', artifact),
  std: numberIn(set, 'std', artifact),
  ...(typeof set.pairs === 'number' ? { pairs: set.pairs } : {}),
  ...(typeof set.scores === 'string' ? { scores: set.scores } : {}),
});

/** Reads `metrics.json` of similarities to the inquiry image. @throws CemiflowError `ReportInputInvalid` */
export const similarityOf = (json: Json, artifact: Digest): Omit<SimilarityRow, 'label' | 'x' | 'input'> => {
  const root = ofKind(json, 'similarity', artifact);
  const histogram = objectIn(root, 'histogram', artifact);
  const edges = numbersIn(histogram, 'edges', artifact);
  const counts = numbersIn(histogram, 'counts', artifact);
  if (edges.length !== counts.length + 1) {
    throw invalid(artifact, `histogram must have one more edge than counts, got ${edges.length} and ${counts.length}`);
  }
  const bins = root.bins === undefined || root.bins === null ? undefined : asObject(root.bins, 'bins', artifact);
  const identities = bins && numbersIn(bins, 'identities', artifact);
  return {
    artifact,
    mean: numberIn(root, 'mean', artifact),
    std: numberIn(root, 'std', artifact),
    histogram: { edges, counts },
    ...(bins && identities
      ? { bins: { identities, labels: binLabels(numbersIn(bins, 'edges', artifact), identities.length, artifact) } }
      : {}),
  };
};

/** Reads `metrics.json` of the nearest real identities. @throws CemiflowError `ReportInputInvalid` */
export const privacyOf = (json: Json, artifact: Digest): Omit<PrivacyRow, 'label' | 'input'> => {
  const root = ofKind(json, 'privacy', artifact);
  const { set, ownInquiry } = root;
  if (typeof set !== 'string') throw invalid(artifact, 'set must be a name');
  const exceeding = (key: string): Exceeding => {
    const held = objectIn(root, key, artifact);
    return { count: numberIn(held, 'count', artifact), share: numberIn(held, 'share', artifact) };
  };
  const number = (key: string): number => numberIn(root, key, artifact);
  return {
    ...{ artifact, set },
    ...{ realIdentities: number('realIdentities'), threshold: number('threshold') },
    ...{ mean: number('mean'), highest: number('highest') },
    ...{ identities: exceeding('identities'), images: exceeding('images') },
    ...(ownInquiry === undefined
      ? {}
      : { ownInquiry: numberIn(asObject(ownInquiry, 'ownInquiry', artifact), 'nearest', artifact) }),
  };
};

/** Reads `metrics.json` of a training. @throws CemiflowError `ReportInputInvalid` */
export const trainingOf = (json: Json, artifact: Digest): Omit<TrainingLog, 'label' | 'input'> => {
  const root = ofKind(json, 'training', artifact);
  const series = Object.entries(objectIn(root, 'series', artifact)).map(([name, value]) => {
    const held = asObject(value, `series.${name}`, artifact);
    const steps = numbersIn(held, 'steps', artifact);
    const values = numbersIn(held, 'values', artifact);
    if (steps.length !== values.length || steps.length === 0) {
      throw invalid(
        artifact,
        `series.${name} must have as many steps as values, and some, got ${steps.length} and ${values.length}`,
      );
    }
    return { name, steps, values };
  });
  return { artifact, series };
};

/**
 * Names of the ranges between edges. As many ranges as edges: the last is open above, as in the paper's table 7. One more
 * than edges: the first is open below as well.
 */
export const binLabels = (edges: readonly number[], bins: number, artifact: Digest): string[] => {
  const text = edges.map((edge) => fixed(edge, Math.max(1, (String(edge).split('.')[1] ?? '').length)));
  const between = text.slice(1).map((high, i) => `${text[i]} to ${high}`);
  const above = `above ${text.at(-1)}`;
  if (bins === edges.length - 1) return between;
  if (bins === edges.length) return [...between, above];
  if (bins === edges.length + 1) return [`below ${text[0]}`, ...between, above];
  throw invalid(artifact, `bins.identities must fit ${edges.length} edges, got ${bins}`);
};

const ofKind = (json: Json, kind: string, artifact: Digest): JsonObject => {
  const root = asObject(json, 'metrics.json', artifact);
  if (root.kind !== kind)
    throw invalid(artifact, `metrics.json must be of the kind ${kind}, got ${JSON.stringify(root.kind ?? null)}`);
  return root;
};

const asObject = (value: Json | undefined, path: string, artifact: Digest): JsonObject => {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw invalid(artifact, `${path} must be an object`);
};

const objectIn = (root: JsonObject, key: string, artifact: Digest): JsonObject => asObject(root[key], key, artifact);

const numberIn = (root: JsonObject, key: string, artifact: Digest): number => {
  const value = root[key];
  if (typeof value === 'number') return value;
  throw invalid(artifact, `${key} must be a number, got ${JSON.stringify(value ?? null)}`);
};

const numbersIn = (root: JsonObject, key: string, artifact: Digest): number[] => {
  const value = root[key];
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) return value as number[];
  throw invalid(artifact, `${key} must be a list of numbers`);
};

const invalid = (artifact: Digest, message: string): CemiflowError =>
  new CemiflowError('ReportInputInvalid', `metrics ${shortDigest(artifact)}: ${message}`, {
    remedy: 'reference the output of an evaluation, or the log of a training, that this part of the report expects',
    data: { artifact },
  });
