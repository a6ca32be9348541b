import type { ActionRecord, Outputs } from '../../core/action.ts';
import { mapBounded } from '../../core/bounded.ts';
import type { Digest } from '../../core/digest.ts';
import { shardKind } from '../../core/stage.ts';
import { contentKey } from '../../store/blobs.ts';
import type { Store } from '../../store/index.ts';

const lanes = 8;

/** Every record in the store, of all keys. */
export const allRecords = async (store: Store): Promise<ActionRecord[]> => {
  const names = await store.objects.list('actions/');
  const keys = [...new Set(names.map((name): Digest => `sha256:${name.split('/')[1]}`))];
  return (await mapBounded(keys, lanes, (key) => store.listRecords(key))).flat();
};

/** Records of whole actions of a kind: a sharded kind's parts stand under a kind of their own. */
export const recordsOf = async (store: Store, kind: string): Promise<ActionRecord[]> =>
  (await allRecords(store)).filter(({ action }) => action.kind === kind);

const isOf = ({ action }: ActionRecord, kinds: readonly string[]): boolean =>
  kinds.some((kind) => action.kind === kind || action.kind === shardKind(kind));

/**
 * Removes all that the store has of the actions of some kinds: records, checkpoints, and every manifest and blob that no
 * other record needs. The next run makes them anew, and finds all else.
 */
export const forget = async (store: Store, kinds: readonly string[]): Promise<void> => {
  const records = await allRecords(store);
  const gone = records.filter((record) => isOf(record, kinds));
  const kept = await contentOf(
    store,
    records.filter((record) => !isOf(record, kinds)),
  );
  const content = [...(await contentOf(store, gone))].filter((key) => !kept.has(key));
  const prefixes = [...new Set(gone.map(({ key }) => key.slice('sha256:'.length)))];
  const others = await mapBounded(prefixes, lanes, async (hex) => [
    ...(await store.objects.list(`actions/${hex}/`)),
    ...(await store.objects.list(`checkpoints/${hex}/`)),
  ]);
  await mapBounded([...content, ...others.flat()], lanes, (key) => store.objects.remove(key));
};

/** Keys of the manifests and blobs behind the outputs of records. */
const contentOf = async (store: Store, records: readonly ActionRecord[]): Promise<Set<string>> => {
  const refs = records.flatMap(({ outputs }) => Object.values<Outputs[string]>(outputs));
  const keys = await mapBounded(refs, lanes, async (ref) => {
    const { files } = await store.getArtifact(ref);
    return [contentKey('artifacts', ref.digest), ...files.map(({ digest }) => contentKey('blobs', digest))];
  });
  return new Set(keys.flat());
};

/** Objects whose bytes are not those that their key names: written in part, or changed. @returns their keys */
export const damagedObjects = async (store: Store): Promise<string[]> => {
  const prefixes = ['blobs/', 'artifacts/', 'actions/', 'checkpoints/'];
  const names = (await mapBounded(prefixes, lanes, (prefix) => store.objects.list(prefix))).flat();
  const damaged = await mapBounded(names, lanes, async (name) => {
    const hex = hexIn(name);
    if (hex === undefined) return [];
    const found = await store.objects.getHashed(name);
    return found && found.digest !== `sha256:${hex}` ? [name] : [];
  });
  return damaged.flat();
};

/** `blobs/sha256/ab/cdef…`, `actions/<key>/<digest>`, `checkpoints/<key>/parts/<digest>`; nothing for what is replaced. */
const hexIn = (name: string): string | undefined => {
  const [, first = '', rest = ''] = /^(?:blobs|artifacts)\/sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(name) ?? [];
  return first ? first + rest : /\/([0-9a-f]{64})$/.exec(name)?.[1];
};

/** Actions that were begun again after the record that counts was there. @returns their kinds */
export const doneTwice = async (store: Store): Promise<string[]> => {
  const records = await allRecords(store);
  const repeated = records.filter((a) => records.some((b) => a !== b && a.key === b.key));
  const late = await mapBounded(repeated, lanes, async (record) => {
    const first = await store.getRecord(record.key);
    return first && Date.parse(lastStart(record)) > Date.parse(first.endedAt) ? [record.action.kind] : [];
  });
  return late.flat();
};

const lastStart = ({ attempts, startedAt }: ActionRecord): string => attempts.at(-1)?.startedAt ?? startedAt;
