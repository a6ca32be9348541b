import { createHash } from 'node:crypto';
import {
  type ArtifactManifest,
  type ArtifactRef,
  canonicalManifest,
  type FileEntry,
  manifestDigest,
} from '../../core/artifact.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';

/** An ArtifactStore in memory, for tests of pure data code. */
export const memoryStore = (): ArtifactStore & { readonly blobs: Map<Digest, Buffer> } => {
  const blobs = new Map<Digest, Buffer>();
  const manifests = new Map<Digest, ArtifactManifest>();
  const missing = (what: string, digest: Digest) =>
    new CemiflowError(`${what}Missing`, `${digest} is not in the store`, { remedy: 'put it first', data: { digest } });
  return {
    blobs,
    putFile: async (path, bytes, mediaType): Promise<FileEntry> => {
      const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      blobs.set(digest, Buffer.from(bytes));
      return { path, digest, bytes: bytes.length, mediaType };
    },
    getBlob: async (digest) => {
      const blob = blobs.get(digest);
      if (!blob) throw missing('Blob', digest);
      return Buffer.from(blob);
    },
    putArtifact: async (manifest): Promise<ArtifactRef> => {
      const digest = manifestDigest(manifest);
      manifests.set(digest, structuredClone(canonicalManifest(manifest)));
      return { type: manifest.type, digest };
    },
    getArtifact: async ({ digest }) => {
      const manifest = manifests.get(digest);
      if (!manifest) throw missing('Artifact', digest);
      return structuredClone(manifest);
    },
  };
};
