import { createHash } from 'node:crypto';
import type { ActionKey, ActionRecord } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { hash } from './hash.ts';
import { parseJson } from './objects.ts';

/** What was read of an object, with the MD5 of the bytes that said it. */
interface Read {
  readonly md5: string;
}

interface ReadPointer extends Read {
  readonly record: ActionRecord;
}

interface ReadManifest extends Read {
  readonly type: string;
  readonly blobs: readonly Digest[];
}

interface Content {
  readonly pointers: { readonly [key: ActionKey]: ReadPointer };
  readonly manifests: { readonly [digest: Digest]: ReadManifest };
}

const digestLength = 'sha256:'.length + 64;

/**
 * What earlier look-ups read and verified, so that the next one need not read it again. An entry counts only while a listing shows
 * the object with the very MD5 that was read: it may come from anywhere and be of any age.
 */
export class LookupMemo {
  readonly #before: Content;
  readonly #pointers = new Map<ActionKey, ReadPointer>();
  readonly #manifests = new Map<Digest, ReadManifest>();
  #isNew = false;

  /** @param bytes what `bytes` gave; damaged ones, or none, are an empty memo */
  constructor(bytes?: Buffer) {
    this.#before = (bytes && contentOf(bytes)) ?? { pointers: {}, manifests: {} };
  }

  get keys(): ActionKey[] {
    return Object.keys(this.#before.pointers) as ActionKey[];
  }

  get artifacts(): Digest[] {
    return Object.keys(this.#before.manifests) as Digest[];
  }

  get blobs(): Digest[] {
    return Object.values(this.#before.manifests).flatMap(({ blobs }) => blobs);
  }

  /** @param md5 of the pointer as it is now */
  record(key: ActionKey, md5: string | undefined): ActionRecord | undefined {
    const known = this.#pointers.get(key) ?? this.#before.pointers[key];
    if (!known || known.md5 !== md5) return undefined;
    this.#pointers.set(key, known);
    return known.record;
  }

  /** @param md5 of the manifest as it is now */
  blobsOf({ type, digest }: ArtifactRef, md5: string | undefined): readonly Digest[] | undefined {
    const known = this.#manifests.get(digest) ?? this.#before.manifests[digest];
    if (!known || known.md5 !== md5 || known.type !== type) return undefined;
    this.#manifests.set(digest, known);
    return known.blobs;
  }

  keepRecord(key: ActionKey, record: ActionRecord, raw: Buffer): void {
    this.#pointers.set(key, { md5: md5Of(raw), record });
    this.#isNew = true;
  }

  keepManifest({ type, digest }: ArtifactRef, blobs: readonly Digest[], raw: Buffer): void {
    this.#manifests.set(digest, { md5: md5Of(raw), type, blobs });
    this.#isNew = true;
  }

  /** What was asked for, to begin the next look-up with; undefined where that is what this one began with. */
  get bytes(): Buffer | undefined {
    if (!this.#isNew) return undefined;
    const content: Content = {
      pointers: Object.fromEntries(this.#pointers),
      manifests: Object.fromEntries(this.#manifests),
    };
    const text = Buffer.from(JSON.stringify(content));
    return Buffer.concat([Buffer.from(hash(text)), text]);
  }
}

const contentOf = (bytes: Buffer): Content | undefined => {
  const text = bytes.subarray(digestLength);
  return bytes.toString('latin1', 0, digestLength) === hash(text) ? parseJson<Content>(text) : undefined;
};

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
