import { hostname, userInfo } from 'node:os';
import { putStatement } from '../../artifacts/codecs/adoption.ts';
import type { ActionKey, ActionRecord, Adopted } from '../../core/action.ts';
import type { AdoptionStatement } from '../../core/adoption.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Lineage } from '../../core/lineage.ts';
import { type Plan, runIdOf } from '../../core/plan.ts';
import { isoTime } from '../../core/time.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { codeDigests } from '../../spec/code-digest.ts';
import type { RunDocument, Store } from '../../store/index.ts';
import type { ReplayOptions } from '../replay/client.ts';
import type { KnownFolders } from '../replay/places.ts';
import { commitOf } from '../source-keeper.ts';
import { candidatesOf, type NodeCandidate } from './candidates.ts';
import { isStated, type Statements, statementsOf, withoutLost } from './lost.ts';
import { isMoved, openWork } from './open-work.ts';
import type { Choice } from './pieces.ts';
import { type Proof, prove, recordsOf } from './prove.ts';
import { remakeReport } from './reports.ts';
import { sealAdopted } from './seal.ts';
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
 * key are done again; where one bit differs, nothing is adopted. Work whose statements cannot be read any more is adopted again.
 *
 * @throws CemiflowError `AdoptionRefused`
 */
export const adoptRun = async (
  lineage: Lineage,
  document: Pick<RunDocument, 'places'>,
  choice: Choice,
  tools: AdoptTools,
): Promise<Adoption> => {
  const { store, root } = tools;
  const schemas = loadStageSchemas();
  const statements = statementsOf(store);
  const plan = await planToday(lineage, root);
  const replays = { ...tools.replays, folders: foldersOf(plan, tools.replays.folders) };
  const isReport = ({ made }: NodeCandidate): boolean =>
    Object.values(schemas.get(made.node.kind)?.outputs ?? {}).includes('report');
  const candidates = candidatesOf(await withoutLost(lineage, statements), plan);
  const { open, present } = await openWork(
    candidates.filter((each) => !isReport(each)),
    store,
    statements,
  );
  const since = await store.sweeps.settled();
  const proof = await prove(open, choice, { ...tools, replays });
  const reports: { readonly id: string; readonly record: ActionRecord }[] = [];
  for (const each of candidates.filter((one) => isReport(one) && isMoved(one)))
    reports.push({ id: each.made.node.id, record: await remakeReport(each, store, root) });
  const statement = proof.proven.length === 0 ? undefined : await state(lineage, proof.kinds, choice, tools);
  const adopted = statement ? await keep(proof, statement, since, store, statements) : 0;
  for (const { made, now } of proof.proven)
    await store.putLatest(plan.experiment, made.node.id, { key: now.key, action: now.action });
  const keys = new Map([
    ...candidates.map(({ made, now }): [string, ActionKey] => [made.node.id, now.key]),
    ...reports.map(({ id, record }): [string, ActionKey] => [id, record.key]),
  ]);
  const sealed = await sealAdopted(lineage, document, plan, keys, store);
  return {
    ...{ run: runIdOf(plan), adopted, present, kinds: proof.kinds },
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

/** Writes each record under its key of today, in the place of one whose statements cannot be read. */
const keep = async (
  { proven }: Proof,
  statement: ArtifactRef,
  since: number,
  store: Store,
  statements: Statements,
): Promise<number> => {
  const records = proven.flatMap(recordsOf);
  for (const { now } of records) {
    const adopted = now.adopted as Adopted;
    const record = { ...now, adopted: { ...adopted, statements: [...adopted.statements, statement] } };
    await store.putRecord(record, since, (first) => isStated(first, statements));
  }
  return records.length;
};
