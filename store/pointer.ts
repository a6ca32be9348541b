import { type ActionKey, type ActionRecord, actionKey } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, hexOf } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { hash } from './hash.ts';

/** The object that names the record of a key which counts, and holds it whole: one read serves and verifies a hit. */
export interface Pointer {
  readonly digest: Digest;
  readonly record: ActionRecord;
}

export const pointerKey = (key: ActionKey): string => `actions/${hexOf(key)}/record`;

/** @returns undefined where the bytes are damaged, or about another key */
export const pointerIn = (bytes: Buffer, key: ActionKey): Pointer | undefined => {
  try {
    const text = bytes.toString();
    const { digest, record } = JSON.parse(text) as Pointer;
    const sound = hash(recordIn(text) ?? toJson(record)) === digest && isOwnKey(record);
    return sound && record.key === key ? { digest, record } : undefined;
  } catch {
    return undefined;
  }
};

const beforeDigest = '{"digest":"';
const beforeRecord = '","record":';

/**
 * The bytes of the record in a pointer as `put` writes it: canonical JSON in canonical JSON, so that thousands of records need not
 * be put into that form again. Undefined for any other text.
 */
const recordIn = (text: string): Buffer | undefined => {
  const at = text.indexOf(beforeRecord);
  const isPlain = text.startsWith(beforeDigest) && at === beforeDigest.length + 'sha256:'.length + 64;
  return isPlain && text.endsWith('}') ? Buffer.from(text.slice(at + beforeRecord.length, -1)) : undefined;
};

export const toJson = (value: object): Buffer => Buffer.from(canonicalJson(value as JsonObject));

export const isOwnKey = (record: ActionRecord): boolean => actionKey(record.action) === record.key;

/** What lets a record count that was adopted. */
export const statementsOf = ({ adopted }: ActionRecord): readonly ArtifactRef[] => adopted?.statements ?? [];

/** What a hit needs: its outputs, and for adopted results the statements. */
export const standsOn = (record: ActionRecord): ArtifactRef[] => [
  ...Object.values(record.outputs),
  ...statementsOf(record),
];
