import type { ActionKey, ActionRecord } from '../../core/action.ts';
import { artifactTypes } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Digest } from '../../core/digest.ts';
import { CemiflowError } from '../../core/errors.ts';
import { isoTime } from '../../core/time.ts';
import { recordDigest } from '../../engine/seal.ts';
import type { Flaw, Store } from '../../store/index.ts';
import { fromCopies, runDocument } from './copies.ts';
import { cannot, type Records, type Repair, type RepairTools, repaired } from './outcome.ts';
import { byComputing } from './rebuild.ts';

export type { Repair, RepairTools } from './outcome.ts';

/**
 * Restores what is damaged or missing: from copies where there are some, source files from the checkout, and everything else by
 * repeating the action that made it. Only what gets its old digest back counts as repaired.
 */
export const repair = async (flaws: readonly Flaw[], tools: RepairTools): Promise<Repair[]> => {
  const records = await soundRecords(flaws, tools);
  const done: Repair[] = [];
  const later: Flaw[] = [];
  // Records first: they say how the rest was made. Run documents last: they need their roots.
  const order = [
    'record',
    'pointer',
    'blob',
    'artifact',
    'checkpoint',
    'latest',
    'pin',
    'index',
    'left-out',
    'generation',
    'unknown',
    'run',
  ];
  const sorted = [...flaws].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const flaw of sorted) {
    // One that cannot be repaired leaves the others to be; a store that is away ends it.
    const repaired = await withoutComputing(flaw, records, tools).catch((error) => {
      if (error instanceof CemiflowError && !error.retryable) return cannot(flaw, error.message);
      throw error;
    });
    if (repaired) done.push(repaired);
    else later.push(flaw);
  }
  return [...done, ...(await byComputing(later, records, tools))];
};

/** Every record of the store, also those whose own object is damaged and that have a copy. */
const soundRecords = async (flaws: readonly Flaw[], { store }: RepairTools): Promise<Records> => {
  const named = [...(await store.objects.list('actions/')), ...flaws.map(({ key }) => key)];
  const keys = new Set(named.flatMap((name) => /^actions\/([0-9a-f]{64})\//.exec(name)?.[1] ?? []));
  const read = await mapBounded([...keys], lanes, async (hex) => {
    const key: ActionKey = `sha256:${hex}`;
    const [own, pointed] = [await store.listRecords(key), await store.getRecord(key)];
    const all = pointed && !own.some((each) => recordDigest(each) === recordDigest(pointed)) ? [...own, pointed] : own;
    const lost = named.flatMap((name) =>
      name.startsWith(`actions/${hex}/`) ? (/[0-9a-f]{64}$/.exec(name) ?? []) : [],
    );
    const digests = new Set(all.map(recordDigest));
    for (const each of lost) {
      // The run's own copy of the record.
      const copy = digests.has(`sha256:${each}`) ? undefined : await jsonBlob<ActionRecord>(store, `sha256:${each}`);
      if (copy?.key === key) all.push(copy);
    }
    return [key, all] as const;
  });
  return new Map(read);
};

const jsonBlob = async <T>(store: Store, digest: Digest): Promise<T | undefined> => {
  const bytes = await store.getBlob(digest).catch(() => undefined);
  return bytes && (JSON.parse(bytes.toString()) as T);
};

/** Pins the artifact again: its digest is the name of the pin's object. */
const pinAgain = async (flaw: Flaw, store: Store): Promise<Repair> => {
  const digest: Digest = `sha256:${flaw.key.slice('pins/'.length)}`;
  for (const type of artifactTypes) {
    const found = await store.getArtifact({ type, digest }).catch(() => undefined);
    if (!found) continue;
    await store.pins.put({ ref: { type, digest }, name: digest, because: '', at: isoTime(new Date()) });
    return repaired(flaw, 'it is pinned as before; its name and reason are lost');
  }
  return cannot(flaw, 'what it keeps cannot be read either: repair that first');
};

/** @returns undefined where an action has to be done again */
const withoutComputing = async (flaw: Flaw, records: Records, tools: RepairTools): Promise<Repair | undefined> => {
  const { kind, key } = flaw;
  const { store } = tools;
  const action: ActionKey = `sha256:${key.split('/')[1]}`;
  if (kind === 'record') {
    const digest: Digest = `sha256:${key.slice(-64)}`;
    const copy = records.get(action)?.find((record) => recordDigest(record) === digest);
    if (!copy) return cannot(flaw, 'no other copy of the record is left: run the experiment again');
    await store.restoreRecord(copy, digest);
    return repaired(flaw, 'from another copy of the record');
  }
  if (kind === 'pointer')
    return (await store.repointRecord(action))
      ? repaired(flaw, 'from the records of its action')
      : cannot(flaw, 'its action has no record: run the experiment again');
  if (kind === 'blob' || kind === 'artifact') return fromCopies(flaw, records, tools);
  if (kind === 'run') return runDocument(flaw, tools);
  if (kind === 'checkpoint' || kind === 'latest') {
    if (kind === 'latest') await store.objects.remove(key);
    else await store.checkpoints.dropDamaged(action);
    const what =
      kind === 'latest' ? 'it only explains why a plan misses' : 'the one before it, or the beginning, takes its place';
    return { flaw, outcome: 'dropped', how: what };
  }
  if (kind === 'pin') return pinAgain(flaw, store);
  if (kind === 'index') {
    await store.objects.remove(key);
    return repaired(flaw, 'the next search for a digest makes it again');
  }
  if (kind === 'generation') {
    // The claim of a sweep counts for nothing once the count has gone past it.
    if (key.includes('claim')) await store.objects.remove(key);
    await store.sweeps.restore();
    return repaired(flaw, 'a new count begins');
  }
  return cannot(flaw, 'it is left as it is: inspect it, and remove it by hand');
};
