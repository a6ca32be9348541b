import { type ActionKey, type ActionRecord, actionKey } from '../core/action.ts';
import { type ArtifactManifest, type ArtifactRef, artifactRefsIn } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type Digest, hexOf } from '../core/digest.ts';
import type { JsonObject } from '../core/errors.ts';
import { contentKey, digestOfKey } from './blobs.ts';
import type { ActionState } from './checkpoints/state.ts';
import { contentOf } from './documents.ts';
import { hash } from './hash.ts';
import { type ObjectStore, parseJson } from './objects.ts';
import { pinKey } from './pins.ts';
import { pointerKey } from './pointer.ts';
import { recordKey } from './records.ts';
import { type RunDocument, runKey } from './runs.ts';
import { claimKey, generationKey } from './sweep.ts';

/** What an object is, by its key. */
export type ObjectKind =
  | 'blob'
  | 'artifact'
  | 'record'
  | 'pointer'
  | 'run'
  | 'latest'
  | 'checkpoint'
  | 'pin'
  | 'index'
  | 'left-out'
  | 'generation'
  | 'unknown';

/** An object that is not as it should be. */
export interface Flaw {
  readonly fault: 'corrupt' | 'missing' | 'unknown';
  readonly kind: ObjectKind;
  /** The object's key in the bucket. */
  readonly key: string;
  readonly message: string;
  /** Keys of the objects that name a missing one. */
  readonly neededBy?: readonly string[];
}

export interface FsckResult {
  /** Objects looked at, by kind. */
  readonly checked: { readonly [kind: string]: number };
  readonly flaws: readonly Flaw[];
}

/** Whole blobs in memory at a time, of at most 64 MiB each. */
const blobLanes = 4;

/** Reads every object of the bucket again, and looks for those that others name and that are not there. Changes nothing. */
export const fsck = async (objects: ObjectStore, tell: (what: string) => void = () => {}): Promise<FsckResult> => {
  const keys = await objects.list('');
  const there = new Set(keys);
  const checked: { [kind: string]: number } = {};
  const flaws: Flaw[] = [];
  const needed = new Map<string, string[]>();
  const suspects = new Set([generationKey]);
  const order: readonly ObjectKind[] = [
    'blob',
    'artifact',
    'record',
    'pointer',
    'run',
    'latest',
    'checkpoint',
    'pin',
    'index',
    'left-out',
  ];
  for (const kind of [...order, 'generation', 'unknown'] as const) {
    const own = keys.filter((key) => kindOf(key) === kind);
    if (own.length === 0) continue;
    checked[kind] = own.length;
    tell(`${own.length} of the kind ${kind}`);
    await mapBounded(own, kind === 'blob' || kind === 'checkpoint' ? blobLanes : lanes, async (key) => {
      const looked = await look(objects, kind, key);
      if (looked.fault) flaws.push({ fault: looked.fault, kind, key, message: looked.message ?? '' });
      for (const name of looked.names ?? []) needed.set(name, [...(needed.get(name) ?? []), key]);
      for (const name of looked.suspects ?? []) suspects.add(name);
    });
  }
  // A server does not list an object whose metadata it cannot read.
  const isLeftOut = (key: string): boolean =>
    kindOf(key) === 'blob' && there.has(contentKey('left-out', digestOfKey(key)));
  const unlisted = [...new Set([...needed.keys(), ...suspects])].filter((key) => !there.has(key));
  await mapBounded(unlisted, lanes, async (key) => {
    const [flaw, neededBy] = [{ kind: kindOf(key), key }, needed.get(key)];
    if (await objects.has(key))
      flaws.push({
        ...flaw,
        fault: 'corrupt',
        message: 'cannot be read or listed by the server that has it',
        neededBy,
      });
    else if (neededBy && !isLeftOut(key))
      flaws.push({ ...flaw, fault: 'missing', message: 'is not in the store', neededBy });
  });
  return { checked, flaws: flaws.sort((a, b) => (a.key < b.key ? -1 : 1)) };
};

export const kindOf = (key: string): ObjectKind => {
  if (/^blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(key)) return 'blob';
  if (/^artifacts\/sha256\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(key)) return 'artifact';
  if (/^actions\/[0-9a-f]{64}\/[0-9a-f]{64}$/.test(key)) return 'record';
  if (/^actions\/[0-9a-f]{64}\/record$/.test(key)) return 'pointer';
  if (/^runs\/[^/]+$/.test(key)) return 'run';
  if (/^nodes\/[^/]+\/[^/]+\/latest$/.test(key)) return 'latest';
  if (/^checkpoints\/[0-9a-f]{64}\/(state|parts\/[0-9a-f]{64})$/.test(key)) return 'checkpoint';
  if (/^pins\/[0-9a-f]{64}$/.test(key)) return 'pin';
  if (/^index\/[^/]+$/.test(key)) return 'index';
  if (/^left-out\/sha256\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(key)) return 'left-out';
  return /^gc\/(generation|claim-\d+)$/.test(key) ? 'generation' : 'unknown';
};

interface Looked {
  readonly fault?: Flaw['fault'];
  readonly message?: string;
  /** Keys of the objects that this one names. */
  readonly names?: readonly string[];
  /** Keys of objects that may be there without being listed; it is no flaw where they are not. */
  readonly suspects?: readonly string[];
}

const look = async (objects: ObjectStore, kind: ObjectKind, key: string): Promise<Looked> => {
  if (kind === 'unknown') return { fault: 'unknown', message: 'no part of cemiflow writes such an object' };
  const read = await objects.getHashed(key).catch((error) => {
    if (error.code !== 'ObjectUnreadable') throw error;
    return 'unreadable' as const;
  });
  if (read === 'unreadable') return corrupt('cannot be read by the server that has it');
  // Removed meanwhile: whoever needs it says so.
  if (!read) return {};
  const { bytes, digest } = read;
  // Its key says all.
  if (kind === 'left-out') return {};
  if (kind === 'blob') return digest === digestOfKey(key) ? {} : corrupt(`hashed to ${digest}`);
  if (kind === 'artifact')
    return digest === digestOfKey(key) ? manifest(digest, bytes) : corrupt(`hashed to ${digest}`);
  if (kind === 'record')
    return digest === `sha256:${key.slice(-64)}` ? record(key, parseJson(bytes)) : corrupt(`hashed to ${digest}`);
  if (kind === 'pointer') return pointer(key, parseJson(bytes));
  if (kind === 'run') return run(contentOf<RunDocument>(bytes));
  if (kind === 'checkpoint') return checkpoint(key, bytes, digest);
  const document = contentOf<{ generation?: number }>(bytes);
  if (!document) return corrupt('is not what the digest in it says');
  const { generation } = document;
  return generation === undefined ? {} : { suspects: [claimKey(generation), claimKey(generation + 1)] };
};

const corrupt = (message: string): Looked => ({ fault: 'corrupt', message });
const artifactKey = ({ digest }: ArtifactRef): string => contentKey('artifacts', digest);
const blobKey = (digest: Digest): string => contentKey('blobs', digest);

const manifest = (own: Digest, bytes: Buffer): Looked => {
  const read = parseJson<ArtifactManifest>(bytes);
  const ofRun = read?.type === 'run' ? [runKey(`${read.meta.id}`)] : [];
  return { names: (read?.files ?? []).map(({ digest }) => blobKey(digest)), suspects: [pinKey(own), ...ofRun] };
};

const record = (key: string, read: ActionRecord | undefined): Looked => {
  if (!read || read.key !== keyIn(key) || actionKey(read.action) !== read.key) return corrupt('is not of its action');
  const { code, lock, uncommitted } = read.source;
  const outputs = Object.values(read.outputs).map(artifactKey);
  return {
    names: [
      ...outputs,
      artifactKey(code),
      ...artifactRefsIn(read.action.params).map(artifactKey),
      ...[lock, uncommitted, read.log].flatMap((digest) => (digest ? [blobKey(digest)] : [])),
    ],
    suspects: [pointerKey(read.key)],
  };
};

const keyIn = (key: string): ActionKey => `sha256:${key.split('/')[1]}`;

const pointer = (key: string, read: { digest?: Digest; record?: ActionRecord } | undefined): Looked => {
  const { digest, record: own } = read ?? {};
  const sound = digest && own && own.key === keyIn(key) && hash(recordBytes(own)) === digest;
  return sound ? { names: [recordKey(own.key, digest)] } : corrupt('is not what the digest in it says');
};

const recordBytes = (value: ActionRecord): Buffer => Buffer.from(canonicalJson(value as unknown as JsonObject));

const run = (read: RunDocument | undefined): Looked => {
  if (!read) return corrupt('is not what the digest in it says');
  return { names: read.root ? [contentKey('artifacts', read.root)] : [] };
};

const checkpoint = (key: string, bytes: Buffer, digest: Digest): Looked => {
  if (!key.endsWith('/state'))
    return digest === `sha256:${key.slice(-64)}`
      ? { suspects: [key.replace(/parts\/.*/, 'state')] }
      : corrupt(`hashed to ${digest}`);
  const state = contentOf<ActionState>(bytes);
  if (state?.key !== keyIn(key)) return corrupt('has a state that is not its own');
  const contents = [...state.checkpoints.map(({ content }) => content), ...Object.values(state.kept)];
  const folder = key.slice(0, -'state'.length);
  return { names: contents.flatMap(({ parts }) => parts.map((part) => `${folder}parts/${hexOf(part)}`)) };
};
