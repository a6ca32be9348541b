import type { ActionKey, ActionRecord } from '../core/action.ts';
import { keyOfWork, recordsOfWork } from '../core/adoption.ts';
import { type ArtifactManifest, type ArtifactRef, artifactRefsIn } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { type Digest, hexOf, isDigest } from '../core/digest.ts';
import { CemiflowError, type Json } from '../core/errors.ts';
import { runFile } from '../core/run-record.ts';
import { wholeKind } from '../core/stage.ts';
import { contentKey } from './blobs.ts';
import type { RunDocument } from './runs.ts';
import type { Store } from './store.ts';

/** Keys of objects that are needed, and by whom. */
export class Marks {
  readonly #store: Store;
  readonly keys = new Set<string>();
  /** Keys whose records were all marked. */
  readonly #listed = new Set<ActionKey>();
  readonly #manifests = new Map<Digest, Promise<ArtifactManifest>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A run that has a root. @throws as `root` */
  run({ id, root }: RunDocument): Promise<void> {
    return root ? this.root({ type: 'run', digest: root }, `the run ${id}`) : Promise.resolve();
  }

  /**
   * Everything that a sealed run depends on.
   *
   * @throws CemiflowError `MarksIncomplete` where something cannot be read that may name more
   */
  async root(ref: ArtifactRef, ofWhat: string): Promise<void> {
    const manifest = await this.#manifest(ref, ofWhat);
    const records = manifest.files.filter(({ path }) => path !== runFile);
    await mapBounded(records, lanes, async ({ digest }) => {
      const bytes = await this.#store.getBlob(digest).catch((error) => {
        throw incomplete(ofWhat, error);
      });
      await this.record(JSON.parse(bytes.toString()) as ActionRecord, ofWhat);
    });
  }

  /**
   * A record, what it made and was made by. With it the other records of its work, through all adoptions: if their outputs differ,
   * they are evidence.
   */
  async record(record: ActionRecord, ofWhat: string): Promise<void> {
    await this.#made(record, ofWhat);
    for (const other of await recordsOfWork(record, this.#store, this.#listed))
      await this.#made(other, ofWhat).catch((error) => {
        if (error.code !== 'MarksIncomplete') throw error;
      });
  }

  async artifacts(refs: readonly ArtifactRef[], ofWhat: string): Promise<void> {
    const read = await Promise.allSettled(refs.map((ref) => this.#manifest(ref, ofWhat)));
    const failed = read.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  has(key: string): boolean {
    const action = /^actions\/[0-9a-f]{64}\//.exec(key)?.[0];
    return this.keys.has(action ?? key);
  }

  async #made(record: ActionRecord, ofWhat: string): Promise<void> {
    const { action, source, outputs, adopted, log } = record;
    const { code, lock, uncommitted } = source;
    // Checkpoints of adopted work lie under the key that it was done under.
    for (const key of [record.key, keyOfWork(record)]) this.keys.add(folderOf(key));
    for (const digest of [lock, uncommitted, log]) if (digest) this.keys.add(contentKey('blobs', digest));
    // What a part was given is no output of any action: cutting the stage made it.
    const stated = adopted?.statements ?? [];
    await this.artifacts([...Object.values(outputs), code, ...stated, ...artifactRefsIn(action.params)], ofWhat);
    await this.#folder(action.params.content);
  }

  /** A folder of code is an artifact under the digest of its content; other folders are not in the store. */
  async #folder(content: Json | undefined): Promise<void> {
    if (!isDigest(content) || this.keys.has(contentKey('artifacts', content))) return;
    await this.artifacts([{ type: 'files', digest: content }], 'a folder').catch((error) => {
      if (error.code !== 'MarksIncomplete') throw error;
      this.keys.delete(contentKey('artifacts', content));
    });
  }

  async #manifest(ref: ArtifactRef, ofWhat: string): Promise<ArtifactManifest> {
    this.keys.add(contentKey('artifacts', ref.digest));
    const reading = this.#manifests.get(ref.digest) ?? this.#store.getArtifact(ref);
    this.#manifests.set(ref.digest, reading);
    const manifest = await reading.catch((error) => {
      throw incomplete(ofWhat, error);
    });
    for (const { digest } of manifest.files) this.keys.add(contentKey('blobs', digest));
    return manifest;
  }
}

/** Every object below it is needed. */
const folderOf = (key: ActionKey): string => `actions/${hexOf(key)}/`;

/** @throws what says nothing of the object, such as a store that is away */
const incomplete = (ofWhat: string, cause: unknown): CemiflowError => {
  if (!(cause instanceof CemiflowError) || cause.retryable) throw cause;
  return new CemiflowError(
    'MarksIncomplete',
    `${ofWhat} cannot be read whole, so that what it needs is unknown: ${cause.message}`,
    {
      remedy: '"cemiflow fsck --repair" makes it again; or "cemiflow rm" the run',
      data: { of: ofWhat },
      cause,
    },
  );
};

/** A run that is at its end: what it needs hangs on its root. */
export const isSealed = ({ state, root }: RunDocument): boolean => state === 'done' && root !== undefined;

/** Whether a run is under way, or waits for a person. */
export const isLive = ({ state = 'running' }: RunDocument): boolean =>
  state === 'running' || state === 'paused' || state === 'needs attention';

/**
 * Actions that an unfinished run may find made: those of its kinds, code and seeds. Which keys they will have is not known
 * before what they need is made.
 */
export const wantedBy = (runs: readonly RunDocument[]): ((record: ActionRecord) => boolean) => {
  const name = (kind: string, code: string, seed: number): string => `${wholeKind(kind)} ${code} ${seed}`;
  const wanted = new Set(runs.flatMap(({ plan }) => plan.nodes.map(({ kind, code, seed }) => name(kind, code, seed))));
  return ({ action: { kind, code, seed } }) => wanted.has(name(kind, code, seed));
};
