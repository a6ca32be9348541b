import { type ArtifactManifest, type ArtifactRef, canonicalManifest, type FileEntry } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { ContentStore } from './blobs.ts';
import { LeftOut } from './left-out.ts';
import type { ObjectStore } from './objects.ts';

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const largeLanes = 4;

/** Blobs and the manifests that name them. */
export class Artifacts implements ArtifactStore {
  readonly #blobs: ContentStore;
  readonly #manifests: ContentStore;
  readonly #leftOut: LeftOut;

  constructor(objects: ObjectStore) {
    this.#blobs = new ContentStore(objects, 'blobs');
    this.#manifests = new ContentStore(objects, 'artifacts');
    this.#leftOut = new LeftOut(objects);
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

  /** Whether the bytes are there, or were left out where the artifact came from. */
  async stands(digest: Digest): Promise<boolean> {
    return (await this.hasBlob(digest)) || this.#leftOut.has(digest);
  }

  /** @throws CemiflowError `ArtifactInvalid` for a manifest with a path twice, or with an entry that is none */
  async putArtifact(manifest: ArtifactManifest): Promise<ArtifactRef> {
    const canonical = canonicalManifest(manifest);
    checkManifest(canonical);
    const bytes = Buffer.from(canonicalJson(canonical as unknown as JsonObject));
    return { type: manifest.type, digest: await this.#manifests.put(bytes, 'application/json') };
  }

  /** @throws CemiflowError `ArtifactMissing`, `ArtifactCorrupt`, `ArtifactInvalid` for no manifest, or one of another type */
  async getArtifact(ref: ArtifactRef): Promise<ArtifactManifest> {
    const { raw, ...manifest } = await this.#manifest(ref);
    return manifest;
  }

  /** Whether the manifest is sound and each of its blobs stands. Their bytes are checked when they are read. */
  async isWhole(ref: ArtifactRef): Promise<boolean> {
    const manifest = await this.soundManifest(ref);
    if (!manifest) return false;
    return (await mapBounded(manifest.files, lanes, ({ digest }) => this.stands(digest))).every(Boolean);
  }

  /** @throws CemiflowError `BlobMissing` where one of its blobs is not there, also where it was left out; as `getArtifact` */
  async mustBeThere(ref: ArtifactRef): Promise<void> {
    const { files } = await this.getArtifact(ref);
    await mapBounded(files, lanes, async ({ digest }) => {
      if (!(await this.hasBlob(digest))) await this.getBlob(digest);
    });
  }

  /** The manifest with its bytes; undefined where it is missing, damaged, or that of another type. */
  async soundManifest(ref: ArtifactRef): Promise<(ArtifactManifest & { readonly raw: Buffer }) | undefined> {
    try {
      return await this.#manifest(ref);
    } catch (error) {
      if (error instanceof CemiflowError && error.code.startsWith('Artifact')) return undefined;
      throw error;
    }
  }

  /**
   * Rehashes the manifest and every blob, and removes what is damaged, so that look-ups miss it: also where it had been left out,
   * since now it is needed. A manifest that cannot be read is missed by them anyway.
   *
   * @returns whether anything was damaged or missing
   */
  async dropIfDamaged(ref: ArtifactRef): Promise<boolean> {
    if (!(await this.#manifests.keepIfSound(ref.digest))) return true;
    const manifest = await this.getArtifact(ref).catch((error) => {
      if (error.code !== 'ArtifactInvalid') throw error;
    });
    if (!manifest) return true;
    const sound = await mapBounded(manifest.files, largeLanes, async ({ digest }) => {
      const isSound = await this.#blobs.keepIfSound(digest);
      if (!isSound) await this.#leftOut.remove(digest);
      return isSound;
    });
    return !sound.every(Boolean);
  }

  async #manifest({ type, digest }: ArtifactRef): Promise<ArtifactManifest & { readonly raw: Buffer }> {
    const raw = await this.#manifests.get(digest);
    const manifest = parseManifest(raw, digest);
    if (manifest.type === type) return { ...manifest, raw };
    throw invalid(`${digest} must be of type ${type}, got ${manifest.type}`, { digest });
  }
}

/** The manifest under a digest: bytes that hash to it may still be none. */
const parseManifest = (bytes: Buffer, digest: Digest): ArtifactManifest => {
  try {
    const manifest = JSON.parse(bytes.toString());
    checkManifest(manifest);
    return manifest;
  } catch (cause) {
    throw new CemiflowError('ArtifactInvalid', `${digest} is no manifest of an artifact: ${(cause as Error).message}`, {
      remedy: 'run the stage that made it again, or read it with the version of cemiflow that made it',
      data: { digest },
      cause,
    });
  }
};

const checkManifest = (manifest: unknown): void => {
  const { type, meta, files } = objectOf(manifest, 'it');
  if (typeof type !== 'string') throw invalid(`its type must be a string, got ${JSON.stringify(type)}`, {});
  objectOf(meta, 'its meta');
  if (!Array.isArray(files)) throw invalid(`its files must be a list, got ${JSON.stringify(files)}`, {});
  let before: string | undefined;
  for (const file of files) {
    const { path, digest, bytes } = objectOf(file, 'each of its files');
    checkPath(path);
    if (path === before) throw invalid(`${path} is there twice`, { path });
    if (!isDigest(digest) || !Number.isSafeInteger(bytes)) throw invalid(`${path} names no blob`, { path });
    before = path;
  }
};

const objectOf = (value: unknown, what: string): { readonly [name: string]: unknown } => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(`${what} must be an object, got ${JSON.stringify(value)}`, {});
};

function checkPath(path: unknown): asserts path is string {
  const plain =
    typeof path === 'string' &&
    /^[^\\\p{Cc}]{1,500}$/u.test(path) &&
    path.split('/').every((part) => !['', '.', '..'].includes(part));
  if (!plain) throw invalid(`a file's path must be relative and plain, got ${JSON.stringify(path)}`, {});
}

const invalid = (message: string, data: JsonObject): CemiflowError =>
  new CemiflowError('ArtifactInvalid', message, { remedy: 'mend the stage that makes the artifact', data });
