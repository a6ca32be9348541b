import { canonicalJson } from '../core/canonical.ts';
import { type Digest, digestOfJson } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { hash } from './hash.ts';
import { type ObjectStore, parseJson } from './objects.ts';

/**
 * Objects that are replaced, so that no digest can be their name: they carry that of their content, as `{digest, content}`.
 */
export const putDocument = async (objects: ObjectStore, key: string, value: object): Promise<void> => {
  await objects.put(key, documentOf(value), { overwrite: true, mediaType: 'application/json' });
};

/** The bytes of a document with this content: canonical JSON, written once and hashed as it stands in it. */
export const documentOf = (value: object): Buffer => {
  const content = canonicalJson(value as JsonObject);
  return Buffer.from(`${beforeContent}${content}${beforeDigest}${hash(Buffer.from(content))}"}`);
};

const beforeContent = '{"content":';
const beforeDigest = ',"digest":"';
/** `sha256:` and 64 hex digits, in quotes that close it. */
const tailLength = beforeDigest.length + 'sha256:'.length + 64 + '"}'.length;

/** The content of a document; undefined where it does not have the digest that is stored with it. */
export const contentOf = <T extends object>(bytes: Buffer): T | undefined => {
  const found = parseJson<{ digest?: Digest; content?: JsonObject } | null>(bytes);
  if (!found?.content) return undefined;
  const isAsWritten = hash(bytes.subarray(beforeContent.length, -tailLength)) === found.digest;
  return isAsWritten || digestOfJson(found.content) === found.digest ? (found.content as T) : undefined;
};
