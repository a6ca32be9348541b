import { codecOf } from '../../artifacts/codecs/index.ts';
import type { ArtifactManifest, ArtifactRef } from '../../core/artifact.ts';
import { mapBounded } from '../../core/bounded.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { Reading } from '../reading.ts';
import type { Fault, Ledger, Problem } from './result.ts';

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const blobLanes = 4;

/** Reads artifacts once each, and notes what is damaged or missing; every read of the store is rehashed. */
export class AuditReader {
  readonly #store: Reading;
  readonly #ledger: Ledger;
  /** Digests of files that a bundle leaves out, or left out where the run was imported from one. */
  readonly #leftOut: ReadonlySet<Digest>;
  readonly #manifests = new Map<Digest, Promise<ArtifactManifest | undefined>>();
  readonly #blobs = new Map<Digest, Promise<boolean>>();

  constructor(store: Reading, ledger: Ledger, leftOut: ReadonlySet<Digest> = new Set()) {
    this.#store = store;
    this.#ledger = ledger;
    this.#leftOut = leftOut;
  }

  /** The manifest, where it is sound. @param where for the problem */
  manifest(ref: ArtifactRef, where: string): Promise<ArtifactManifest | undefined> {
    const known = this.#manifests.get(ref.digest) ?? this.#readManifest(ref, where);
    this.#manifests.set(ref.digest, known);
    return known;
  }

  /** Rehashes the artifact and all its files. @returns whether all of it is sound */
  async artifact(ref: ArtifactRef, where: string): Promise<boolean> {
    const manifest = await this.manifest(ref, where);
    if (!manifest) return false;
    const sound = await mapBounded(manifest.files, blobLanes, ({ digest, path, bytes }) =>
      this.blob(digest, `${where}, file ${path}`, bytes),
    );
    return sound.every(Boolean);
  }

  /** @param bytes the size that the manifest states */
  blob(digest: Digest, where: string, bytes?: number): Promise<boolean> {
    const known = this.#blobs.get(digest) ?? this.#readBlob(digest, where, bytes);
    this.#blobs.set(digest, known);
    return known;
  }

  async #readManifest(ref: ArtifactRef, where: string): Promise<ArtifactManifest | undefined> {
    try {
      const manifest = await this.#store.getArtifact(ref);
      this.#ledger.note('manifests rehashed');
      this.#check(manifest, ref, where);
      return manifest;
    } catch (error) {
      this.#ledger.note('manifests rehashed', { fault: faultOf(error), where, message: (error as Error).message });
      return undefined;
    }
  }

  /** What a manifest says must be what its type has: bytes that are as they were written may still say nothing. */
  #check(manifest: ArtifactManifest, ref: ArtifactRef, where: string): void {
    const what = 'manifests read';
    try {
      codecOf(ref).parse(manifest, ref.digest);
      this.#ledger.note(what);
    } catch (error) {
      if (!(error instanceof CemiflowError)) throw error;
      this.#ledger.note(what, { fault: 'not verifiable', where, message: error.message });
    }
  }

  async #readBlob(digest: Digest, where: string, bytes?: number): Promise<boolean> {
    try {
      const { length } = await this.#store.getBlob(digest);
      if (bytes === undefined || length === bytes) {
        this.#ledger.note('files rehashed');
        return true;
      }
      const message = `${digest} has ${length} bytes, its manifest says ${bytes}`;
      this.#ledger.note('files rehashed', { fault: 'corrupt', where, message });
    } catch (error) {
      const fault = faultOf(error);
      const isLeftOut = fault === 'missing' && this.#leftOut.has(digest);
      const problem: Pick<Problem, 'fault' | 'message'> = isLeftOut
        ? { fault: 'not verifiable', message: `${digest} was left out of the bundle` }
        : { fault, message: (error as Error).message };
      this.#ledger.note('files rehashed', { where, ...problem });
    }
    return false;
  }
}

/** What a failed read says about the object. @throws errors that say nothing about it, such as an unreachable store */
export const faultOf = (error: unknown): Fault => {
  const { code } = error as CemiflowError;
  if (error instanceof CemiflowError && /Missing$/.test(code)) return 'missing';
  if (error instanceof CemiflowError && /(Corrupt|Invalid|Unreadable|Damaged)$/.test(code)) return 'corrupt';
  throw error;
};
