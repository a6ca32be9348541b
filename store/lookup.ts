import type { ActionKey, ActionRecord } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import type { Digest } from '../core/digest.ts';
import type { Artifacts } from './artifacts.ts';
import { contentKey } from './blobs.ts';
import { Listing } from './listing.ts';
import { LookupMemo } from './lookup-memo.ts';
import { getReadable, type ObjectStore } from './objects.ts';
import { pointerIn, pointerKey, standsOn } from './pointer.ts';

export interface LookupOptions {
  /** How many keys are going to be asked for, in all calls together. */
  readonly expected?: number;
  /** What earlier look-ups read; this one adds to it. */
  readonly memo?: LookupMemo;
}

/**
 * Looks finished actions up, for as long as a plan is compared with the store. Where many are asked for, listings say what is
 * there, a thousand objects a request, and what an earlier look-up read is not read again; where few are, each object is asked for
 * (docs/adr/0019). A listing is as old as the first call.
 */
export class Lookup {
  readonly #objects: ObjectStore;
  readonly #artifacts: Artifacts;
  readonly #expected: number;
  readonly #memo: LookupMemo;
  #pointers: Promise<Listing> | undefined;
  #manifests: Promise<Listing> | undefined;
  #blobs: Promise<Listing> | undefined;

  constructor(objects: ObjectStore, artifacts: Artifacts, { expected = 0, memo }: LookupOptions) {
    this.#objects = objects;
    this.#artifacts = artifacts;
    this.#expected = expected;
    this.#memo = memo ?? new LookupMemo();
  }

  /** Records of those keys that are hits: a sound record, sound manifests of outputs and statements, and every blob there or left out. */
  async records(keys: readonly ActionKey[]): Promise<Map<ActionKey, ActionRecord>> {
    const asked = [...new Set(keys)];
    const all = Math.max(this.#expected, asked.length);
    this.#begin(asked, all);
    const found = (await mapBounded(asked, lanes, (key) => this.#record(key))).filter((each) => each !== undefined);
    const refs = new Map(found.flatMap(standsOn).map((ref) => [nameOf(ref), ref]));
    const blobs = new Map(
      await mapBounded([...refs], lanes, async ([name, ref]) => [name, await this.#blobsOf(ref)] as const),
    );
    const wanted = new Set([...blobs.values()].flatMap((each) => each ?? []));
    // Blobs of the keys that are yet to come are as many for each key.
    this.#blobs ??= this.#list('blobs', wanted, (wanted.size * all) / Math.max(1, found.length));
    const there = new Map(await mapBounded([...wanted], lanes, async (each) => [each, await this.#has(each)] as const));
    const isWhole = (ref: ArtifactRef): boolean => blobs.get(nameOf(ref))?.every((each) => there.get(each)) ?? false;
    return new Map(found.flatMap((record) => (standsOn(record).every(isWhole) ? [[record.key, record]] : [])));
  }

  /** Begins the listings that can be begun: what earlier look-ups found says what this one is going to ask for. */
  #begin(asked: readonly ActionKey[], all: number): void {
    const { keys, artifacts, blobs } = this.#memo;
    this.#pointers ??= Listing.over(this.#objects, 'actions/', [...keys, ...asked].map(pointerKey), all);
    // A manifest that was never read must be read anyway.
    this.#manifests ??= this.#list('artifacts', artifacts);
    if (blobs.length > 0) this.#blobs ??= this.#list('blobs', blobs);
  }

  #list(kind: 'artifacts' | 'blobs', wanted: Iterable<Digest>, expected?: number): Promise<Listing> {
    const keys = [...wanted].map((digest) => contentKey(kind, digest));
    return Listing.over(this.#objects, `${kind}/`, keys, expected);
  }

  /** The record that counts, unless its pointer is missing, damaged or about another key. */
  async #record(key: ActionKey): Promise<ActionRecord | undefined> {
    const seen = (await this.#pointers)?.find(pointerKey(key));
    if (seen === 'absent') return undefined;
    const known = this.#memo.record(key, seen?.etag);
    if (known) return known;
    const raw = await getReadable(this.#objects, pointerKey(key));
    const record = raw && pointerIn(raw, key)?.record;
    if (record) this.#memo.keepRecord(key, record, raw);
    return record;
  }

  /** Digests of an artifact's files; undefined where its manifest is missing, damaged, or that of another type. */
  async #blobsOf(ref: ArtifactRef): Promise<readonly Digest[] | undefined> {
    const seen = (await this.#manifests)?.find(contentKey('artifacts', ref.digest));
    if (seen === 'absent') return undefined;
    const known = this.#memo.blobsOf(ref, seen?.etag);
    if (known) return known;
    const manifest = await this.#artifacts.soundManifest(ref);
    const blobs = manifest?.files.map(({ digest }) => digest);
    if (manifest && blobs) this.#memo.keepManifest(ref, blobs, manifest.raw);
    return blobs;
  }

  /** A blob that a listing lacks is asked for: its server may have it, and be unable to list it because it is damaged. */
  async #has(digest: Digest): Promise<boolean> {
    const seen = (await this.#blobs)?.find(contentKey('blobs', digest));
    return (seen !== undefined && seen !== 'absent') || this.#artifacts.stands(digest);
  }
}

const nameOf = ({ type, digest }: ArtifactRef): string => `${type} ${digest}`;
