import type { ArtifactManifest, ArtifactRef, ArtifactType, FileEntry } from '../core/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import type { ArtifactStore } from '../core/stage.ts';
import { Fields } from './fields.ts';
import { toJsonObject } from './finite.ts';
import { artifactInvalid } from './invalid.ts';

/** An artifact whose `meta` has been checked. */
export interface Artifact<Meta> {
  readonly ref: ArtifactRef;
  readonly meta: Meta;
  readonly files: readonly FileEntry[];
}

/** An artifact of which only its files are read. */
export type Opened = Pick<Artifact<unknown>, 'ref' | 'files'>;

export type ArtifactReader = Pick<ArtifactStore, 'getArtifact' | 'getBlob'>;

/** The one place that knows what an artifact of a type holds. */
export interface Codec<Meta, Written = Meta> {
  readonly type: ArtifactType;
  /** That is written. Older ones are read as well. */
  readonly version: number;
  /** Checks a manifest. @throws CemiflowError `ArtifactInvalid` */
  parse(manifest: ArtifactManifest, digest?: Digest): Meta;
  /** Reads and checks the manifest. @throws CemiflowError `ArtifactInvalid`, and the store's */
  read(store: Pick<ArtifactReader, 'getArtifact'>, ref: ArtifactRef): Promise<Artifact<Meta>>;
  /** Stores the manifest. @throws CemiflowError `ArtifactInvalid`, `NotFinite` for what could not be read again */
  write(store: Pick<ArtifactStore, 'putArtifact'>, meta: Written, files: readonly FileEntry[]): Promise<ArtifactRef>;
}

export interface CodecParts<Meta> {
  readonly type: ArtifactType;
  /** One reader of `meta` for each version, from 1 on. A manifest that states no version is of version 1. */
  readonly versions: readonly ((fields: Fields) => Meta)[];
  /** What the manifest holds of what is written. Throws where a fact is missing that older manifests may lack, new ones not. */
  readonly stored?: (written: Fields) => JsonObject;
}

export const defineCodec = <Meta, Written extends object = Meta & object>({
  type,
  versions,
  stored,
}: CodecParts<Meta>): Codec<Meta, Written> => {
  const latest = versions.length;
  const parse = ({ type: found, meta }: ArtifactManifest, digest?: Digest): Meta => {
    const place = { type, path: 'meta', ...(digest === undefined ? {} : { digest }) };
    if (found !== type) throw artifactInvalid({ ...place, path: 'type' }, '', { required: type, found });
    const fields = new Fields(meta, place);
    const version = fields.optional('version', (each) => each.integer('version', { from: 1 })) ?? 1;
    const reader = versions[version - 1];
    if (!reader) throw fields.fault('version', latest === 1 ? '1' : `from 1 to ${latest}`);
    return reader(fields);
  };
  return {
    ...{ type, version: latest, parse },
    async read(store, ref) {
      const manifest = await store.getArtifact(ref);
      return { ref, meta: parse(manifest, ref.digest), files: manifest.files };
    },
    async write(store, written, files) {
      const given = toJsonObject(written, `${type}.meta`);
      const held = stored?.(new Fields(given, { type, path: 'meta' })) ?? given;
      // Version 1 is written without its number, as it was before there was another.
      const meta = { ...held, ...(latest > 1 ? { version: latest } : {}) };
      parse({ type, meta, files });
      return store.putArtifact({ type, meta, files });
    },
  };
};

/** The entry of a file that the artifact must have. @throws CemiflowError `ArtifactInvalid` */
export const fileOf = ({ ref, files }: Opened, path: string): FileEntry => {
  const file = files.find((each) => each.path === path);
  if (file) return file;
  const { type, digest } = ref;
  throw artifactInvalid({ type, digest, path: 'files' }, '', { required: `with ${path}`, found: 'none of that name' });
};

/**
 * Reads a file of an artifact.
 *
 * @throws CemiflowError `ArtifactInvalid` where `decode` cannot read it, and the store's
 */
export const readFileOf = async <T>(
  store: Pick<ArtifactReader, 'getBlob'>,
  artifact: Opened,
  path: string,
  decode: (bytes: Buffer) => T,
): Promise<T> => {
  const bytes = await store.getBlob(fileOf(artifact, path).digest);
  return readable(artifact, path, () => decode(bytes));
};

/** What a decoder says of a file, as a fault of the artifact. */
export const readable = async <T>({ ref }: Opened, path: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    const ours = cause instanceof CemiflowError;
    // An unreachable store and a corrupt blob say nothing about the format; errors that name the artifact already are enough.
    if (ours && (cause.retryable || /^(Blob|Artifact)/.test(cause.code))) throw cause;
    if (!ours && !(cause instanceof SyntaxError)) throw cause;
    const { type, digest } = ref;
    throw artifactInvalid({ type, digest, path }, '', { required: 'readable', found: cause.message, cause });
  }
};

/** JSON of a file as checked fields. */
export const readJsonFields = (
  store: Pick<ArtifactReader, 'getBlob'>,
  artifact: Opened,
  path: string,
): Promise<Fields> => {
  const { type, digest } = artifact.ref;
  return readFileOf(
    store,
    artifact,
    path,
    (bytes) => new Fields(JSON.parse(bytes.toString('utf8')), { type, digest, path }),
  );
};
