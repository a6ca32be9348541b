import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { connectStore } from '../../client/connect.ts';
import { lineageOf } from '../../client/lineage.ts';
import { findRun } from '../../client/runs.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import { CemiflowError, type Json } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import { openRun } from '../../engine/seal.ts';
import { rootIn, shownIn } from '../../provenance/publish/page.ts';
import { type Chain, chainOf, endsInData } from '../../provenance/trace/chain.ts';
import { dotOf } from '../../provenance/trace/dot.ts';
import { nameOf } from '../../provenance/trace/find.ts';
import { chainOfNumber, findNumber, type NumberChain, numbersOf } from '../../provenance/trace/numbers.ts';
import { treeOf } from '../../provenance/trace/text.ts';
import type { Store } from '../../store/index.ts';
import type { Arguments, Run } from '../command.ts';
import { exitCodes, usageError } from '../exit.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';

/** What is traced. */
interface Target {
  readonly run: string;
  /** A number, a node, or what a digest names. */
  readonly name: string;
  /** What the report shows, where it is a number. */
  readonly number?: NumberChain;
  /** `metrics.json#/sets/lfw/accuracy`, or what the digest is. */
  readonly facts: readonly string[];
  readonly chain: Chain;
}

export const run: Run = async (args, session) => {
  const store = await connectStore(session);
  const [first, cell] = args.positionals;
  const file = args.text('file');
  if ((file === undefined) === (first === undefined))
    throw usageError('trace takes RUN, a digest, or --file', "cemiflow trace RUN 'CELL'");
  if (file !== undefined) return tell(await inFile(store, resolve(session.cwd, file)), args, session);
  if (isDigest(first)) return tell(await ofDigest(store, first), args, session);
  const lineage = await lineageOf(store, await findRun(store, first ?? ''));
  if (cell === undefined) return list(lineage, store, session);
  return tell(await inRun(lineage, store, cell), args, session);
};

const list = async (lineage: Lineage, store: Store, session: Session): Promise<number> => {
  const numbers = await numbersOf(lineage, store);
  if (session.json) session.print(JSON.stringify(numbers, null, 2));
  else session.print(alignColumns(numbers.map(({ id, text, what }) => [id, text, what])).join('\n'));
  return exitCodes.ok;
};

const inRun = async (lineage: Lineage, store: Store, cell: string): Promise<Target> => {
  const { id } = lineage.run;
  const node = lineage.run.plan.nodes.find(
    (each) => cell === each.id || Object.keys(each.outputs).some((output) => cell === `${each.id}.${output}`),
  );
  if (node) return { run: id, name: cell, facts: [], chain: chainOf(lineage, [node.id]) };
  const number = chainOfNumber(lineage, findNumber(await numbersOf(lineage, store), cell));
  return { run: id, name: number.printed.id, number, facts: readings(number), chain: number.chain };
};

const readings = ({ printed: { artifacts, at, quoted } }: NumberChain): string[] =>
  artifacts.map((digest, i) => `${quoted ? 'quoted from' : 'read from'} ${at[i] ? `${at[i]} of ` : ''}${digest}`);

/** A page names its run's root; the digest that a number carries is enough for one that does not. */
const inFile = async (store: Store, name: string): Promise<Target> => {
  const hash = name.lastIndexOf('#');
  const path = hash < 0 ? name : name.slice(0, hash);
  const id = hash < 0 ? '' : name.slice(hash + 1).replace(/^why\./, '');
  const page = await readFile(path, 'utf8').catch((cause) => {
    throw new CemiflowError('Usage', `${path} cannot be read: ${cause.message}`, {
      remedy: 'name a report.html',
      cause,
    });
  });
  if (id === '') throw usageError(`${name} names no number`, `${path}#accuracy.… as the links of the page do`);
  const root = rootIn(page);
  if (root) {
    const lineage = await openRun(store, { type: 'run', digest: root });
    const target = await inRun(lineage, store, id);
    const [shown, kept] = [shownIn(page).get(id), target.number?.printed.text];
    if (shown === kept) return target;
    return { ...target, facts: [`the file shows ${shown ?? 'no such number'}, the run has ${kept}`, ...target.facts] };
  }
  const digest = new RegExp(
    `id="${id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"[^>]*data-artifact="(sha256:[0-9a-f]{64})`,
  ).exec(page)?.[1];
  if (isDigest(digest)) return ofDigest(store, digest);
  throw new CemiflowError('UnknownNumber', `${path} shows no number ${id}`, {
    remedy: 'take the id from the link of the number',
    data: { path, id },
  });
};

/** @throws CemiflowError `UnknownDigest` */
const ofDigest = async (store: Store, digest: Digest): Promise<Target> => {
  const sealed = await store.getArtifact({ type: 'run', digest }).catch(() => undefined);
  for (const document of await store.listRuns()) {
    const lineage = await lineageOf(store, document).catch(() => undefined);
    const named = lineage && (await nameOf(lineage, store, digest));
    if (!lineage || !named) continue;
    const { id } = lineage.run;
    const tops = named.node === undefined ? lineage.run.plan.nodes.map((node) => node.id).slice(-1) : [named.node];
    return {
      run: id,
      name: digest,
      facts: [`${named.what}${named.node ? ` of ${named.node}` : ''} in ${id}`],
      chain: chainOf(lineage, tops),
    };
  }
  // A pinned run stays after its document, under its root.
  if (sealed) {
    const lineage = await openRun(store, { type: 'run', digest });
    const { id, plan } = lineage.run;
    const chain = chainOf(lineage, plan.nodes.map((node) => node.id).slice(-1));
    return { run: digest, name: digest, facts: [`the run ${id}: its root; the run itself was removed`], chain };
  }
  throw new CemiflowError('UnknownDigest', `no run that is in the store made or took ${digest}`, {
    remedy: 'copy the whole digest; cemiflow runs lists the runs',
    data: { digest },
  });
};

const tell = (target: Target, args: Arguments, session: Session): number => {
  const { run: runId, name, number, facts, chain } = target;
  if (args.flag('dot')) session.print(dotOf(chain, name));
  else if (session.json) session.print(JSON.stringify(asJson(target), null, 2));
  else {
    session.print(number ? `${number.printed.text}  ${number.printed.what}` : name);
    for (const fact of facts) session.print(fact);
    if (chain.steps.length > 0) session.print(treeOf(chain, { long: args.flag('long') }));
    session.print(ending(target));
    if (!args.flag('long') && chain.steps.length > 0)
      session.note(`--long shows parameters, code and machines; "cemiflow audit ${runId}" proves it`);
  }
  return exitCodes.ok;
};

const ending = ({ chain, number }: Target): string => {
  if (number?.printed.quoted) return 'quoted from a file of the code: no step of this run made it';
  return `ends in ${chain.ends.join(', ')}${endsInData(chain) ? ': data alone' : ''}`;
};

const asJson = ({ run: runId, name, number, facts, chain }: Target): Json =>
  ({
    run: runId,
    name,
    number: number?.printed ?? null,
    facts,
    tops: chain.tops,
    ends: chain.ends,
    endsInData: endsInData(chain),
    steps: chain.steps.map(({ id, inputs, record }) => ({ id, inputs, record })),
  }) as unknown as Json;
