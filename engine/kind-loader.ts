import { type Digest, shortDigest } from '../core/digest.ts';
import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { type AnyStageKind, isOwnKind, isSharded, type ShardedStageKind } from '../core/stage.ts';
import { factsOfKind, type StageSchema } from '../schemas/stage-schemas.ts';
import type { KeepSource } from './source-keeper.ts';

/** What a host knows of stage kinds: their modules, code and source. */
export interface KindAccess {
  loadStage(kind: string): Promise<AnyStageKind>;
  /** Digests of kinds' code as it lies on the disk now; by default of all kinds. */
  codes(kinds?: readonly string[]): Promise<ReadonlyMap<string, Digest>>;
  /** Reads the source files of a kind whose code has this digest. @returns keeps them in the store */
  source(kind: string, code: Digest): Promise<KeepSource>;
  /** Loads a kind of a user's own, whose code is in the store. @returns keeps it there, too */
  loadOwn(kind: string, code: Digest, source: Digest): Promise<LoadedKind>;
  /** Whether no code of users is run here. */
  readonly refusesPrograms?: boolean;
}

/** A stage kind that is ready to run. */
export interface LoadedKind {
  readonly stage: AnyStageKind;
  readonly source: KeepSource;
  /** Of a user's own kind alone: that of others the checkout has. */
  readonly schema?: StageSchema;
}

/**
 * @param code the digest that the kind was planned with
 * @param source the artifact that holds the code of a user's own kind
 * @throws CemiflowError `CodeChanged`
 */
export type LoadKind = (kind: string, code: Digest, source?: Digest) => Promise<LoadedKind>;

/**
 * Loads each kind once, keeps its source, and vouches for its code. A process keeps the modules that it has loaded, so the digests of all
 * kinds are taken before the first is loaded, and a kind whose files changed between then and its loading is refused:
 * otherwise old modules could run under the digest of new ones.
 */
export const kindLoader = ({ loadStage, codes, source, loadOwn, refusesPrograms }: KindAccess): LoadKind => {
  const loaded = new Map<string, Promise<LoadedKind>>();
  let atStart: ReturnType<typeof codes> | undefined;
  const load = async (kind: string, code: Digest): Promise<LoadedKind> => {
    const stage = await loadStage(kind);
    const now = (await codes([kind])).get(kind);
    if (code !== now) throw codeChanged(kind, code, now);
    return { stage, source: await source(kind, code) };
  };
  return async (kind: string, wanted: Digest, stored?: Digest): Promise<LoadedKind> => {
    // Before anything of it is loaded: a module runs as it is.
    if (refusesPrograms && factsOfKind(kind).role === 'foreign') throw programsRefused(kind);
    if (isOwnKind(kind) && stored !== undefined) return loadOwn(kind, wanted, stored);
    atStart ??= codes();
    const code = (
      await atStart.catch((error) => {
        // Nothing has been loaded by it: the next stage may ask again.
        atStart = undefined;
        throw error;
      })
    ).get(kind);
    if (code === undefined || code !== wanted) throw codeChanged(kind, wanted, code);
    const pending = loaded.get(kind) ?? load(kind, code);
    loaded.set(kind, pending);
    return pending.catch((error) => {
      // A file that could not be opened, a GPU that did not answer. Modules of changed code stay refused.
      if (error.code !== 'CodeChanged') loaded.delete(kind);
      throw error;
    });
  };
};

const programsRefused = (kind: string): CemiflowError =>
  new CemiflowError('ProgramsRefused', `this worker runs no code of users, and ${kind} is such`, {
    remedy: 'take it to a worker that was started without --no-commands',
    data: { kind },
  });

const codeChanged = (kind: string, wanted?: Digest, found?: Digest): CemiflowError => {
  const [planned, here] = [wanted, found].map((code) => (code ? `code ${shortDigest(code)}` : 'no code'));
  return new CemiflowError('CodeChanged', `${kind} was planned with ${planned}, but this worker has ${here}`, {
    remedy: 'cemiflow run starts it again with the new code; where it says the same again, "cemiflow down" first',
    data: { kind, wanted: wanted ?? null, found: found ?? null },
  });
};

/** @throws CemiflowError `KindNotSharded` */
export const shardedOnly = (kind: string, stage: AnyStageKind): ShardedStageKind<JsonObject> => {
  if (isSharded(stage)) return stage as unknown as ShardedStageKind<JsonObject>;
  throw new CemiflowError('KindNotSharded', `${kind} is planned in shards, but its module has no split`, {
    remedy: 'set "sharded": false in its schema, or export split, runShard and join',
    data: { kind },
  });
};
