import { hostname, userInfo } from 'node:os';
import type { ActionKey, ActionRecord, Adopted } from '../../core/action.ts';
import { type AdoptedKind, type AdoptionStatement, otherResults } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { lanes, mapBounded } from '../../core/bounded.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type Plan, runIdOf } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import { loadStageSchemas, type StageSchema } from '../../schemas/stage-schemas.ts';
import { codeDigests } from '../../spec/code-digest.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import type { ReplayOptions } from '../replay/client.ts';
import type { Replayed } from '../replay/job.ts';
import type { KnownFolders } from '../replay/places.ts';
import { commitOf } from '../source-keeper.ts';
import { candidatesOf, type NodeCandidate, withShards } from './candidates.ts';
import { type Choice, choosePieces, cutJob } from './pieces.ts';
import { refused } from './refused.ts';
import { pieceOf, replaySame } from './replays.ts';
import { remakeReport } from './reports.ts';
import { sealAdopted } from './seal.ts';
import { putStatement } from './statement.ts';
import { translatePlan } from './translate.ts';

export type { Choice } from './pieces.ts';

export interface AdoptTools {
  readonly store: Store;
  /** How replays reach the store, and where folders lie. */
  readonly replays: Omit<ReplayOptions, 'mode'>;
  /** Of this checkout. */
  readonly root: string;
  tell(what: string): void;
}

/** What became of a run's finished work. */
export interface Adoption {
  /** The run as today's code names it. */
  readonly run: string;
  /** Its root, where all of it was made. */
  readonly rootDigest?: string;
  /** Actions that count under today's code now, parts among them. */
  readonly adopted: number;
  /** Actions that counted already. */
  readonly present: number;
  /** Nodes whose report was made again. */
  readonly reports: readonly string[];
  readonly kinds: AdoptionStatement['kinds'];
  /** Why they count; absent where nothing had to be adopted. */
  readonly statement?: ArtifactRef;
}

/**
 * Lets finished work of a run count under the code of this checkout. Random pieces of every stage kind whose actions got another
 * key are done again; where one bit differs, nothing is adopted.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const adoptRun = async (
  lineage: Lineage,
  document: Pick<RunDocument, 'places'>,
  choice: Choice,
  tools: AdoptTools,
): Promise<Adoption> => {
  const { store, root, tell } = tools;
  const schemas = loadStageSchemas();
  const plan = await planToday(lineage, root);
  const replays = { ...tools.replays, folders: foldersOf(plan, tools.replays.folders) };
  const isReport = ({ made }: NodeCandidate): boolean =>
    Object.values(schemas.get(made.node.kind)?.outputs ?? {}).includes('report');
  const candidates = candidatesOf(lineage, plan);
  const { open, present } = await openWork(
    candidates.filter((each) => !isReport(each)),
    store,
  );
  const since = await store.sweeps.settled();
  const cuts = await replaySame(open.filter(({ old }) => old.parts).map(cutJob), replays, tell);
  const ready = open.map((each) => cutBy(each, cuts));
  const kinds = await prove(ready, cuts, choice, { ...tools, replays });
  const reports: { readonly id: string; readonly record: ActionRecord }[] = [];
  for (const each of candidates.filter((one) => isReport(one) && one.old.key !== one.now.key))
    reports.push({ id: each.made.node.id, record: await remakeReport(each, store, root) });
  const statement = ready.length === 0 ? undefined : await state(lineage, kinds, choice, tools);
  const adopted = statement ? await keep(ready, statement, since, tools.store) : [];
  for (const { made, now } of ready)
    await store.putLatest(plan.experiment, made.node.id, { key: now.key, action: now.action });
  const keys = new Map([
    ...candidates.map(({ made, now }): [string, ActionKey] => [made.node.id, now.key]),
    ...reports.map(({ id, record }): [string, ActionKey] => [id, record.key]),
  ]);
  const sealed = await sealAdopted(lineage, document, plan, keys, store);
  return {
    ...{ run: runIdOf(plan), adopted: adopted.length, present, kinds },
    ...(sealed?.root && { rootDigest: sealed.root }),
    reports: reports.map(({ id }) => id),
    ...(statement && { statement }),
  };
};

/** The run's plan under the code of this checkout. */
const planToday = async ({ run }: Lineage, root: string): Promise<Plan> => {
  const schemas = loadStageSchemas();
  const kinds = [...new Set(run.plan.nodes.map(({ kind }) => kind))].filter((kind) => schemas.has(kind)).sort();
  const codes = await codeDigests(kinds, root);
  return translatePlan(run.plan, schemas, new Map([...codes].map(([kind, { digest }]) => [kind, digest])));
};

/** With those that the plan itself names: runs of older code held the paths in their keys. */
const foldersOf = (plan: Plan, { byContent, from }: KnownFolders): KnownFolders => {
  const all: { [content: string]: readonly string[] } = { ...byContent };
  for (const { params, places = {} } of plan.nodes)
    for (const { path } of Object.values(places))
      all[String(params.content)] = [path, ...(all[String(params.content)] ?? [])];
  return { byContent: all, from };
};

/** What has another key today, and no result under it yet. */
const openWork = async (
  candidates: readonly NodeCandidate[],
  store: Store,
): Promise<{ readonly open: readonly NodeCandidate[]; readonly present: number }> => {
  const found = await store.lookupRecords(candidates.map(({ now }) => now.key));
  for (const { made, old, now } of candidates) {
    const other = found.get(now.key);
    for (const [name, ref] of Object.entries(other?.outputs ?? {}))
      if (old.outputs[name]?.digest !== ref.digest)
        throw refused(`${made.node.id} has other results under today's code already: ${name} is ${ref.digest}`, {
          node: made.node.id,
        });
  }
  const open = candidates.filter(({ now }) => !found.has(now.key));
  // What is under its old key has no other: its outputs are gone from the store.
  for (const { made, old, now } of open)
    if (old.key === now.key) throw refused(`outputs of ${made.node.id} are missing from the store`);
  await refuseDisputed(open, store);
  return { open, present: candidates.length - open.length };
};

/**
 * What came out in two ways must not count under a new key as if it had come out in one.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const refuseDisputed = async (
  candidates: readonly NodeCandidate[],
  store: Pick<Store, 'listRecords'>,
): Promise<void> => {
  const work = candidates.flatMap(({ made, old, parts }) =>
    [old, ...parts.map((part) => part.old)].map((record) => ({ node: made.node.id, record })),
  );
  await mapBounded(work, lanes, async ({ node, record }) => {
    const [other] = await otherResults(record, store);
    if (other) throw refused(`${node} was done more than once with other outputs`, { node, key: other.key });
  });
};

const cutBy = (candidate: NodeCandidate, cuts: readonly Replayed[]): NodeCandidate => {
  if (!candidate.old.parts) return candidate;
  const { shards = [] } = cuts.find(({ key }) => key === candidate.now.key) ?? {};
  return withShards(candidate, shards);
};

/** Does random pieces of each kind again. @throws CemiflowError `AdoptionRefused` where one comes out otherwise */
const prove = async (
  candidates: readonly NodeCandidate[],
  cuts: readonly Replayed[],
  choice: Choice,
  { store, replays, tell }: AdoptTools,
): Promise<AdoptionStatement['kinds']> => {
  const byKind = new Map<string, NodeCandidate[]>();
  for (const each of candidates) {
    const { kind } = each.now.action;
    byKind.set(kind, [...(byKind.get(kind) ?? []), each]);
  }
  const schemas = loadStageSchemas();
  const jobs = await Promise.all(
    [...byKind].map(([kind, own]) => choosePieces(schemas.get(kind) as StageSchema, own, store.checkpoints, choice)),
  );
  const replayed = await replaySame(jobs.flat(), replays, tell);
  return Object.fromEntries(
    [...byKind].map(([kind, own], i): [string, AdoptedKind] => {
      const names = new Set(jobs[i]?.map(({ name }) => name));
      const keys = new Set(own.map(({ now }) => now.key));
      const pieces = [...cuts.filter(({ key }) => keys.has(key)), ...replayed.filter(({ name }) => names.has(name))];
      const [first] = own as [NodeCandidate];
      return [
        kind,
        {
          before: first.made.record.action.code,
          now: first.now.action.code,
          actions: own.reduce((sum, { parts }) => sum + 1 + parts.length, 0),
          replayed: pieces.map(pieceOf),
        },
      ];
    }),
  );
};

const state = async (
  { run }: Lineage,
  kinds: AdoptionStatement['kinds'],
  { seed }: Choice,
  { store, root }: AdoptTools,
): Promise<ArtifactRef> => {
  const commit = await commitOf(root);
  return putStatement(store, {
    ...{ format: 1, run: run.id, at: isoTime(new Date()), seed, kinds },
    by: { host: hostname(), user: userInfo().username },
    ...(commit && { commit }),
  });
};

/** Writes each record under its key of today. Parts first: what joins them is a hit only when they are. */
const keep = async (
  candidates: readonly NodeCandidate[],
  statement: ArtifactRef,
  since: number,
  store: Store,
): Promise<ActionRecord[]> => {
  const kept: ActionRecord[] = [];
  for (const { now } of candidates.flatMap((each) => [...each.parts, each])) {
    const adopted = now.adopted as Adopted;
    const record = { ...now, adopted: { ...adopted, statements: [...adopted.statements, statement] } };
    await store.putRecord(record, since);
    kept.push(record);
  }
  return kept;
};
