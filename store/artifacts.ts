import { type ArtifactManifest, type ArtifactRef, canonicalManifest, type FileEntry } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { ContentStore } from './blobs.ts';
import type { ObjectStore } from './objects.ts';

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const largeLanes = 4;

/** Blobs and the manifests that name them. */
export class Artifacts implements ArtifactStore {
  readonly #blobs: ContentStore;
  readonly #manifests: ContentStore;

  constructor(objects: ObjectStore) {
    this.#blobs = new ContentStore(objects, 'blobs');
    this.#manifests = new ContentStore(objects, 'artifacts');
  }

  async putFile(path: string, bytes: Uint8Array, mediaType: string): Promise<FileEntry> {
    checkPath(path);
    return { path, digest: await this.#blobs.put(bytes, mediaType), bytes: bytes.length, mediaType };
  }

  getBlob(digest: Digest): Promise<Buffer> {
    return this.#blobs.get(digest);
  }

  hasBlob(digest: Digest): Promise<boolean> {
    return this.#blobs.has(digest);
  }

  /** @throws CemiflowError `ArtifactInvalid` for a manifest with a path twice, or with an entry that is none */
  async putArtifact(manifest: ArtifactManifest): Promise<ArtifactRef> {
    const canonical = canonicalManifest(manifest);
    checkManifest(canonical);
    const bytes = Buffer.from(canonicalJson(canonical as unknown as JsonObject));
    return { type: manifest.type, digest: await this.#manifests.put(bytes, 'application/json') };
  }

  /** @throws CemiflowError `ArtifactMissing`, `ArtifactCorrupt`, `ArtifactInvalid` for one of another type */
  async getArtifact(ref: ArtifactRef): Promise<ArtifactManifest> {
    const manifest: ArtifactManifest = JSON.parse((await this.#manifests.get(ref.digest)).toString());
    if (manifest.type === ref.type) return manifest;
    throw invalid(`${ref.digest} must be of type ${ref.type}, got ${manifest.type}`, { digest: ref.digest });
  }

  /** Whether the manifest is sound and a server has each of its blobs. Their bytes are checked when they are read. */
  async isWhole(ref: ArtifactRef, hasBlob = (digest: Digest) => this.hasBlob(digest)): Promise<boolean> {
    try {
      const { files } = await this.getArtifact(ref);
      return (await mapBounded(files, lanes, ({ digest }) => hasBlob(digest))).every(Boolean);
    } catch (error) {
      if (error instanceof CemiflowError && error.code.startsWith('Artifact')) return false;
      throw error;
    }
  }

  /**
   * Rehashes the manifest and every blob, and removes what is damaged, so that look-ups miss it.
   *
   * @returns whether anything was damaged or missing
   */
  async dropIfDamaged(ref: ArtifactRef): Promise<boolean> {
    if (!(await this.#manifests.keepIfSound(ref.digest))) return true;
    const { files } = await this.getArtifact(ref);
    const sound = await mapBounded(files, largeLanes, ({ digest }) => this.#blobs.keepIfSound(digest));
    return !sound.every(Boolean);
  }
}

const checkManifest = ({ files }: ArtifactManifest): void => {
  files.forEach(({ path, digest, bytes }, i) => {
    checkPath(path);
    if (path === files[i - 1]?.path) throw invalid(`${path} is there twice`, { path });
    if (!isDigest(digest) || !Number.isSafeInteger(bytes)) throw invalid(`${path} names no blob`, { path });
  });
};

const checkPath = (path: string): void => {
  const plain = /^[^\\\p{Cc}]{1,500}$/u.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
  if (!plain) throw invalid(`a file's path must be relative and plain, got ${JSON.stringify(path)}`, { path });
};

const invalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('ArtifactInvalid', message, { remedy: 'mend the stage that makes the artifact', data });
