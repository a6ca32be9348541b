import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Digest, isDigest } from '../core/digest.ts';
import { CemiflowError } from '../core/errors.ts';
import type { Lineage } from '../core/lineage.ts';
import { literal } from '../core/literal.ts';
import { openRun } from '../engine/seal.ts';
import { rootIn, shownIn } from '../provenance/publish/page.ts';
import { type Chain, chainOf } from '../provenance/trace/chain.ts';
import { type Named, nameOf } from '../provenance/trace/find.ts';
import { chainOfNumber, findNumber, type NumberChain, numbersOf } from '../provenance/trace/numbers.ts';
import type { Store } from '../store/index.ts';
import type { Caller } from './caller.ts';
import { connectStore } from './connect.ts';
import { runsNaming } from './find-digest.ts';
import { lineageOf } from './lineage.ts';
import { findRun } from './runs.ts';
import { usageError } from './usage-error.ts';

/** A number, node or digest, and what it depends on. */
export interface Traced {
  /** The run's id, or its root where the run itself was removed. */
  readonly run: string;
  /** Id of a number or node, or a digest. */
  readonly name: string;
  /** What the report shows, and where that is read from, where a number is traced. */
  readonly number?: NumberChain;
  /** Set where a page shows another text for the number than the run has. */
  readonly edited?: { readonly shown?: string; readonly kept?: string };
  /** What a traced digest names. */
  readonly named?: Named;
  readonly chain: Chain;
}

/** The numbers of a run's report. @throws CemiflowError `UnknownRun` */
export const listNumbers = async (name: string, caller: Caller): Promise<NumberChain['printed'][]> => {
  const store = await connectStore(caller);
  return numbersOf(await lineageOf(store, await findRun(store, name)), store);
};

/**
 * Traces a number or a node of a run.
 *
 * @param cell a number's id, words that fit one alone, or a node
 * @throws CemiflowError `UnknownRun`, `UnknownNumber`
 */
export const traceCell = async (name: string, cell: string, caller: Caller): Promise<Traced> => {
  const store = await connectStore(caller);
  return inRun(await lineageOf(store, await findRun(store, name)), store, cell);
};

/** Traces a number of a page. @param name `report.html#ID` @throws CemiflowError `Usage`, `UnknownNumber` */
export const tracePage = async (name: string, caller: Caller): Promise<Traced> =>
  inPage(await connectStore(caller), resolve(caller.cwd, name));

/** Traces an artifact, file, action, record or run. @throws CemiflowError `UnknownDigest` */
export const traceDigest = async (digest: Digest, caller: Caller): Promise<Traced> =>
  ofDigest(await connectStore(caller), digest);

const inRun = async (lineage: Lineage, store: Store, cell: string): Promise<Traced> => {
  const { id } = lineage.run;
  const node = lineage.run.plan.nodes.find(
    (each) => cell === each.id || Object.keys(each.outputs).some((output) => cell === `${each.id}.${output}`),
  );
  if (node) return { run: id, name: cell, chain: chainOf(lineage, [node.id]) };
  const number = chainOfNumber(lineage, findNumber(await numbersOf(lineage, store), cell));
  return { run: id, name: number.printed.id, number, chain: number.chain };
};

/** A page names its run's root; for one that does not, the digest that a number carries is enough. */
const inPage = async (store: Store, name: string): Promise<Traced> => {
  const hash = name.lastIndexOf('#');
  const path = hash < 0 ? name : name.slice(0, hash);
  const id = hash < 0 ? '' : name.slice(hash + 1).replace(/^why\./, '');
  const page = await readFile(path, 'utf8').catch((error) => {
    throw usageError(`${path} cannot be read: ${error.message}`, 'name a report.html');
  });
  if (id === '') throw usageError(`${name} names no number`, `${path}#accuracy.… as the links of the page do`);
  const root = rootIn(page);
  if (root) {
    const lineage = await openRun(store, { type: 'run', digest: root });
    const traced = await inRun(lineage, store, id);
    const [shown, kept] = [shownIn(page).get(id), traced.number?.printed.text];
    return shown === kept ? traced : { ...traced, edited: { ...(shown && { shown }), ...(kept && { kept }) } };
  }
  const digest = new RegExp(`id="${literal(id)}"[^>]*data-artifact="(sha256:[0-9a-f]{64})`).exec(page)?.[1];
  if (isDigest(digest)) return ofDigest(store, digest);
  throw new CemiflowError('UnknownNumber', `${path} shows no number ${id}`, {
    remedy: 'take the id from the link of the number',
    data: { path, id },
  });
};

const ofDigest = async (store: Store, digest: Digest): Promise<Traced> => {
  const sealed = await store.getArtifact({ type: 'run', digest }).catch(() => undefined);
  for await (const lineage of runsNaming(store, digest)) {
    const named = await nameOf(lineage, store, digest);
    if (!named) continue;
    const { id } = lineage.run;
    const tops = named.node === undefined ? lineage.run.plan.nodes.map((node) => node.id).slice(-1) : [named.node];
    return { run: id, name: digest, named, chain: chainOf(lineage, tops) };
  }
  // The root of a pinned run stays after its document was removed.
  if (sealed) {
    const lineage = await openRun(store, { type: 'run', digest });
    const { id, plan } = lineage.run;
    const chain = chainOf(lineage, plan.nodes.map((node) => node.id).slice(-1));
    return { run: digest, name: digest, named: { what: `the run ${id}: its root; the run itself was removed` }, chain };
  }
  throw new CemiflowError('UnknownDigest', `no run in the store made or used ${digest}`, {
    remedy: 'copy the whole digest; cemiflow runs lists the runs',
    data: { digest },
  });
};
