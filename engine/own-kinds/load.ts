import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArtifactManifest } from '../../core/artifact.ts';
import { type Digest, hexOf } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { type AnyStageKind, type ArtifactStore, isSharded } from '../../core/stage.ts';
import { repository } from '../../schemas/kind-places.ts';
import { readOwnSchema, type StageSchema } from '../../schemas/stage-schemas.ts';
import { type KeepSource, keeperOf } from '../source-keeper.ts';
import { bundleOwn } from './bundle.ts';
import { type OwnFile, placeOfOwn, withOwnCheckout, writeOwn } from './checkout.ts';
import { codeIn, requireCode } from './read.ts';

/** A kind of a user's own, loaded from the store. */
export interface LoadedOwn {
  readonly stage: AnyStageKind;
  readonly schema: StageSchema;
  readonly source: KeepSource;
}

/** @param source digest of the artifact that holds the code */
export type LoadOwn = (kind: string, code: Digest, source: Digest) => Promise<LoadedOwn>;

/**
 * Loads kinds of users from the store, each once. It is what the store holds that runs: what is edited in the kind's folder meanwhile
 * changes nothing, and workers need no such folder.
 *
 * @returns throws CemiflowError `KindMissing`, `CodeChanged`, `KindInvalid`, and as bundling
 */
export const ownKindLoader = (store: ArtifactStore): LoadOwn => {
  const loaded = new Map<Digest, Promise<LoadedOwn>>();
  return (kind, code, source) => {
    const pending = loaded.get(source) ?? load(kind, code, source, store);
    loaded.set(source, pending);
    return pending.catch((error) => {
      loaded.delete(source);
      throw error;
    });
  };
};

const load = async (kind: string, code: Digest, source: Digest, store: ArtifactStore): Promise<LoadedOwn> => {
  const files = await ownFiles(kind, await manifestOf(kind, source, store), store);
  const folder = join(scratch(), hexOf(source));
  await writeOwn(folder, files);
  const found = await withOwnCheckout(kind, files, (root, entry) => codeIn(root, entry, kind));
  requireCode(kind, found.code.digest, code);
  const script = join(folder, 'stage.cemiflow.mjs');
  writeFileSync(script, await bundleOwn(folder, urlOf));
  const { stage } = await imported(kind, script);
  const schema = readOwnSchema(kind, join(folder, 'schema.json'));
  return { stage: checked(kind, stage, schema), schema, source: keeperOf(store, found.source) };
};

const manifestOf = async (
  kind: string,
  digest: Digest,
  store: Pick<ArtifactStore, 'getArtifact'>,
): Promise<ArtifactManifest> => {
  try {
    return await store.getArtifact({ type: 'code', digest });
  } catch (error) {
    if (!(error instanceof CemiflowError) || error.retryable) throw error;
    throw new CemiflowError('KindMissing', `the code of ${kind} is not in the store`, {
      remedy: '"cemiflow run" on the machine that has its folder puts it there again',
      data: { kind, source: digest },
      cause: error,
    });
  }
};

/** Its own files, without those of cemiflow that are kept beside them. */
const ownFiles = (
  kind: string,
  { files }: ArtifactManifest,
  store: Pick<ArtifactStore, 'getBlob'>,
): Promise<readonly OwnFile[]> => {
  const prefix = `${placeOfOwn(kind)}/`;
  const own = files.filter(({ path }) => path.startsWith(prefix));
  return Promise.all(
    own.map(async ({ path, digest }) => ({ path: path.slice(prefix.length), bytes: await store.getBlob(digest) })),
  );
};

/** Modules that a process has loaded stay loaded, so that each version needs a path of its own. */
const scratch = (): string => {
  if (place === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'cemiflow-kinds-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    place = made;
  }
  return place;
};
let place: string | undefined;

/** @throws CemiflowError `KindInvalid` where the module fails while it is loaded */
const imported = async (kind: string, script: string): Promise<{ readonly stage?: unknown }> => {
  try {
    return (await import(pathToFileURL(script).href)) as { readonly stage?: unknown };
  } catch (cause) {
    throw new CemiflowError('KindInvalid', `stage.ts of ${kind} cannot be loaded: ${(cause as Error).message}`, {
      remedy: 'correct what it does where it is loaded; its test imports it too',
      data: { kind },
      cause,
    });
  }
};

/** Where an import of anything but the kind's own files leads: there is one TensorFlow in a process. */
const urlOf = (path: string): string => {
  const [, own] = /^cemiflow\/(stage|tensors)$/.exec(path) ?? [];
  return own ? pathToFileURL(join(repository, 'api', `${own}.ts`)).href : import.meta.resolve(path);
};

/** @throws CemiflowError `KindInvalid` */
const checked = (kind: string, stage: unknown, schema: StageSchema): AnyStageKind => {
  const given = (typeof stage === 'object' && stage !== null ? stage : {}) as Partial<Record<string, unknown>>;
  const wanted = schema.sharded ? ['split', 'runShard', 'join'] : ['run'];
  const missing = wanted.filter((name) => typeof given[name] !== 'function');
  if (missing.length === 0 && isSharded(given as never) === schema.sharded) return given as unknown as AnyStageKind;
  throw new CemiflowError('KindInvalid', `stage.ts of ${kind} exports no stage with ${wanted.join(', ')}`, {
    remedy: 'export const stage: StageKind<Params> = { async run(params, context) { … } }; docs/kinds.md shows one',
    data: { kind, missing },
  });
};
