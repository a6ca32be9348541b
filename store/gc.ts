import type { ActionKey, Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import { lanes, mapBounded } from '../core/bounded.ts';
import { CemiflowError } from '../core/errors.ts';
import { plural } from '../core/words.ts';
import { contentKey, digestOfKey } from './blobs.ts';
import { isLive, isSealed, Marks, wantedBy } from './marks.ts';
import type { Described } from './objects.ts';
import type { RunDocument } from './runs.ts';
import type { Store } from './store.ts';
import { generationKey, type Sweep } from './sweep.ts';
import { type Amount, amountOf } from './usage.ts';

export interface GcOptions {
  /** Objects that were written since so many seconds stay: they may belong to work that has no record yet. */
  readonly graceSeconds: number;
  /** Whether nothing is removed. */
  readonly dryRun: boolean;
  readonly tell?: (what: string) => void;
  /** Ends it early: what is removed by then was needed by nothing. */
  readonly signal?: AbortSignal;
}

export interface GcResult {
  /** What is, or would be, removed: objects and bytes, by the first part of the key. */
  readonly garbage: { readonly [place: string]: Amount };
  readonly kept: Amount;
  /** Unneeded, but written a short time ago. */
  readonly young: Amount;
}

const places = ['nodes', 'index', 'actions', 'checkpoints', 'artifacts', 'left-out', 'blobs'] as const;

/**
 * Removes what no run, pin or live action needs. Safe beside running experiments: see `Sweeps`.
 *
 * @throws CemiflowError `MarksIncomplete`, `RunCorrupt`, `PinCorrupt` where it is not known what is needed: then nothing is
 * removed; `SweepUnderWay`, `SweepLost`, `Interrupted`
 */
export const gc = async (store: Store, options: GcOptions): Promise<GcResult> => {
  if (options.dryRun) return collect(store, options);
  // What cannot be read is found before writers are held up.
  await collect(store, { ...options, tell: undefined });
  const sweep = await store.sweeps.begin();
  try {
    return await collect(store, options, sweep);
  } finally {
    await sweep.end();
  }
};

/** @param sweep that is on; without one nothing is removed */
const collect = async (
  store: Store,
  { graceSeconds, tell = () => {}, signal }: Omit<GcOptions, 'dryRun'>,
  sweep?: Sweep,
): Promise<GcResult> => {
  // Objects before runs and records: what is written from here on is no candidate.
  const found: Described[] = [];
  for (const place of places) found.push(...(await store.objects.describe(`${place}/`)));
  const isNeeded = await neededBy(store, new Set(found.map(({ key }) => key)), tell);
  const now = await nowOf(store, sweep);
  const isOld = ({ writtenAtMs }: Described): boolean => graceSeconds === 0 || writtenAtMs < now - graceSeconds * 1000;
  const [needed, spare] = parted(found, ({ key }) => isNeeded(key));
  const [old, young] = parted(spare, isOld);
  await checkUnlisted(store, old);
  tell(`${old.length} of ${plural(found.length, 'object')} needed by nothing`);
  if (sweep) await removeAll(store, old, sweep, signal);
  const garbage = places.map((place) => [place, amountOf(old.filter(({ key }) => key.startsWith(`${place}/`)))]);
  return { garbage: Object.fromEntries(garbage), kept: amountOf(needed), young: amountOf(young) };
};

/**
 * A server does not list a run or pin whose object it cannot read: what it keeps would look as if nothing needed it.
 *
 * @throws CemiflowError `RunCorrupt`, `PinCorrupt`
 */
const checkUnlisted = async (store: Store, spare: readonly Described[]): Promise<void> => {
  const artifacts = spare.filter(({ key }) => key.startsWith('artifacts/'));
  await mapBounded(artifacts, lanes, async ({ key }) => {
    const digest = digestOfKey(key);
    await store.pins.get(digest);
    const root = await store.getArtifact({ type: 'run', digest }).catch(() => undefined);
    if (root) await store.getRun(`${root.meta.id}`);
  });
};

/** By the server's clock, which has just put the time to the sweep's own announcement; without a sweep, by ours. */
const nowOf = async (store: Store, sweep: Sweep | undefined): Promise<number> => {
  const [announced] = sweep ? await store.objects.describe(generationKey) : [];
  return announced?.writtenAtMs ?? Date.now();
};

/** What names others goes before them, so that a look-up in between finds a miss, and a gc that dies leaves nothing with holes. */
const removeAll = async (
  store: Store,
  spare: readonly Described[],
  sweep: Sweep,
  signal: AbortSignal | undefined,
): Promise<void> => {
  for (const place of places) {
    const own = spare.filter(({ key }) => key.startsWith(`${place}/`));
    const [first, then] = parted(own, ({ key }) => /\/(record|state)$/.test(key));
    for (const keys of [first, then])
      await mapBounded(keys, lanes, async ({ key }) => {
        sweep.check();
        if (signal?.aborted) throw interrupted();
        await store.objects.remove(key);
      });
  }
};

/**
 * @param there all keys that are there
 * @returns whether a key is needed by a run, a pin or an action under way
 */
const neededBy = async (
  store: Store,
  there: ReadonlySet<string>,
  tell: (what: string) => void,
): Promise<(key: string) => boolean> => {
  const marks = new Marks(store);
  const runs = await everyRun(store);
  const ended = runs.filter(isSealed);
  const unfinished = runs.filter((run) => !isSealed(run));
  tell(`${plural(ended.length, 'finished run')}, ${plural(unfinished.length, 'other')}`);
  for (const run of ended) await marks.run(run);
  const checkpointed = new Set<ActionKey>();
  for (const run of unfinished) {
    // Of a run that was finished once, and is under way again.
    if (run.root) await lenient(marks.run(run));
    // No record names it before the first action is done.
    const code = run.plan.nodes.flatMap(({ source }): ArtifactRef[] =>
      source ? [{ type: 'code', digest: source }] : [],
    );
    await lenient(marks.artifacts(code, `the run ${run.id}`));
    for (const { key, outputs } of nodesOf(run)) {
      if (key) checkpointed.add(key);
      if (outputs) await lenient(marks.artifacts(Object.values(outputs), `the run ${run.id}`));
    }
  }
  if (unfinished.length > 0) await markWanted(store, marks, unfinished);
  for (const { ref, name } of await store.pins.list())
    await (ref.type === 'run' ? marks.root(ref, `the pin ${name}`) : marks.artifacts([ref], `the pin ${name}`));
  const experiments = new Set(runs.map(({ plan }) => plan.experiment));
  const live = runs.some(isLive);
  const ids = new Set(runs.map(({ id }) => id));
  return (key) => {
    const [place, second = ''] = key.split('/');
    // Only workers know which actions are under way.
    if (place === 'checkpoints')
      return live || checkpointed.has(`sha256:${second}`) || marks.has(`actions/${second}/record`);
    if (place === 'index') return ids.has(decodeURIComponent(second));
    if (place === 'left-out') {
      const blob = contentKey('blobs', digestOfKey(key));
      return marks.has(blob) && !there.has(blob);
    }
    return place === 'nodes' ? experiments.has(decodeURIComponent(second)) : marks.has(key);
  };
};

/** @throws CemiflowError `RunCorrupt`: what a damaged run needs is unknown */
const everyRun = async (store: Store): Promise<RunDocument[]> => {
  const runs = await mapBounded(await store.runIds(), lanes, (id) => store.getRun(id));
  return runs.filter((run) => run !== undefined);
};

const nodesOf = ({ progress }: RunDocument): { key?: ActionKey; outputs?: Outputs }[] =>
  (progress as { nodes?: { key?: ActionKey; outputs?: Outputs }[] } | undefined)?.nodes ?? [];

/** Records that unfinished runs may find made. */
const markWanted = async (store: Store, marks: Marks, runs: readonly RunDocument[]): Promise<void> => {
  const isWanted = wantedBy(runs);
  const keys = new Set((await store.objects.list('actions/')).map((key) => key.split('/')[1]));
  await mapBounded([...keys], lanes, async (hex) => {
    const wanted = (await store.listRecords(`sha256:${hex}`)).filter(isWanted);
    for (const record of wanted) await lenient(marks.record(record, `action ${hex}`));
  });
};

/** What lacks something is no hit: it will be made again, and needs nothing. */
const lenient = async (marking: Promise<void>): Promise<void> => {
  await marking.catch((error) => {
    if (!(error instanceof CemiflowError) || error.code !== 'MarksIncomplete') throw error;
  });
};

const parted = (objects: readonly Described[], is: (each: Described) => boolean): [Described[], Described[]] => {
  const [yes, no]: [Described[], Described[]] = [[], []];
  for (const each of objects) (is(each) ? yes : no).push(each);
  return [yes, no];
};

const interrupted = (): CemiflowError =>
  new CemiflowError('Interrupted', 'the gc was interrupted', { remedy: 'run it again: it continues' });
