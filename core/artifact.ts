import { type Digest, digestOfJson, isDigest } from './digest.ts';
import type { Json, JsonObject } from './errors.ts';

/**
 * What an artifact is; a stage's schema says which type each of its inputs and outputs has. `code` (the source files of one
 * stage kind), `run` (all records behind one run) and `adoption` (why results of old code count under new code) are made beside
 * the stages.
 */
export const artifactTypes = [
  'dataset',
  'benchmarks',
  'weights',
  'centers',
  'inquiries',
  'scores',
  'metrics',
  'report',
  'files',
  'code',
  'run',
  'adoption',
] as const;
export type ArtifactType = (typeof artifactTypes)[number];

/** One file of an artifact: a path inside it, and the blob that holds its bytes (at most 64 MiB each). */
export interface FileEntry {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly mediaType: string;
}

/**
 * A typed, canonical list of blobs. Holds nothing that differs between two equal results: no times, hosts or names of
 * runs (those belong to the action record). Its digest is its id.
 */
export interface ArtifactManifest {
  readonly type: ArtifactType;
  /** Facts about the content that readers need before they open a file: counts, sizes, network configuration. */
  readonly meta: JsonObject;
  /** Sorted by path, each path once. */
  readonly files: readonly FileEntry[];
}

/** What travels in payloads instead of data. */
export interface ArtifactRef {
  readonly type: ArtifactType;
  readonly digest: Digest;
}

/** Every artifact that params name, in order of appearance. */
export const artifactRefsIn = (value: Json): ArtifactRef[] => {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap(artifactRefsIn);
  const { type, digest } = value;
  if (typeof type === 'string' && isDigest(digest)) return [{ type: type as ArtifactType, digest }];
  return Object.values(value).flatMap(artifactRefsIn);
};

/** The manifest in the one order that is hashed. */
export const canonicalManifest = (manifest: ArtifactManifest): ArtifactManifest => ({
  type: manifest.type,
  meta: manifest.meta,
  files: [...manifest.files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
});

export const manifestDigest = (manifest: ArtifactManifest): Digest =>
  digestOfJson(canonicalManifest(manifest) as unknown as JsonObject);
