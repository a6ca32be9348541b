import { canonicalJson } from '../core/canonical.ts';
import { type Digest, digestOfJson } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { type ObjectStore, parseJson } from './objects.ts';

/**
 * Objects that are replaced, so that no digest can be their name: they carry that of their content, as `{digest, content}`.
 */
export const putDocument = async (objects: ObjectStore, key: string, value: object): Promise<void> => {
  await objects.put(key, documentOf(value), { overwrite: true, mediaType: 'application/json' });
};

/** The bytes of a document with this content. */
export const documentOf = (value: object): Buffer => {
  const content = value as JsonObject;
  return Buffer.from(canonicalJson({ digest: digestOfJson(content), content }));
};

/** The content of a document; undefined where it does not have the digest that is stored with it. */
export const contentOf = <T extends object>(bytes: Buffer): T | undefined => {
  const found = parseJson<{ digest?: Digest; content?: JsonObject } | null>(bytes);
  return found?.content && digestOfJson(found.content) === found.digest ? (found.content as T) : undefined;
};
