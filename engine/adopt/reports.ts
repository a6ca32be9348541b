import { hostname } from 'node:os';
import type { ActionRecord, Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { canonicalJson } from '../../core/canonical.ts';
import { noCheckpoints } from '../../core/checkpoint.ts';
import type { StageKind } from '../../core/stage.ts';
import { isoTime } from '../../core/time.ts';
import { buildId } from '../../spec/code-digest.ts';
import type { Store } from '../../store/index.ts';
import { recordedMachine } from '../machine.ts';
import { loadStage } from '../registry.ts';
import { sourceKeeper } from '../source-keeper.ts';
import type { NodeCandidate } from './candidates.ts';
import { refused } from './refused.ts';

/**
 * Makes a report again under today's code: that is cheap, and its wording may have changed. Its numbers may not.
 *
 * @param root of the checkout
 * @throws CemiflowError `AdoptionRefused` where it prints another number
 */
export const remakeReport = async (
  { made, old, now }: NodeCandidate,
  store: Store,
  root: string,
): Promise<ActionRecord> => {
  const { key, action } = now;
  const since = await store.sweeps.settled();
  const present = (await store.lookupRecords([key])).get(key);
  const record = present ?? (await make(now, store, root, since));
  await compareNumbers(made.node.id, old.outputs, record.outputs, store);
  if (present) return present;
  await store.putRecord({ ...record, action }, since);
  return record;
};

const make = async (
  { key, action }: ActionRecord,
  store: Store,
  root: string,
  since: number,
): Promise<ActionRecord> => {
  const [startedAt, cpu] = [new Date(), process.cpuUsage()];
  const stage = (await loadStage(action.kind)) as unknown as StageKind;
  const outputs = await stage.run(action.params, {
    ...{ seed: action.seed, store, checkpoints: noCheckpoints },
    ...{ signal: new AbortController().signal, progress: async () => {}, log: () => {} },
  });
  const endedAt = new Date();
  const { user, system } = process.cpuUsage(cpu);
  const times = { startedAt: isoTime(startedAt), endedAt: isoTime(endedAt) };
  return {
    ...{ key, action, outputs, ...times },
    source: await (await sourceKeeper(store, root)(action.kind, action.code))(since),
    machine: await recordedMachine(),
    spent: {
      wallSeconds: (endedAt.getTime() - startedAt.getTime()) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakMemoryBytes: process.memoryUsage().rss,
    },
    attempts: [{ attempt: 1, host: hostname(), pid: process.pid, ...times, end: 'done', warnings: [] }],
    // No workflow did it: "cemiflow adopt" made it in its own process.
    ...{ workflowId: '', runId: '', build: await buildId(root) },
  };
};

interface Number {
  readonly id: string;
  readonly text: string;
}

const compareNumbers = async (node: string, before: Outputs, now: Outputs, store: Store): Promise<void> => {
  const [old, fresh] = [await numbersOf(before, store), await numbersOf(now, store)];
  const known = new Map(fresh.map(({ id, text }) => [id, text]));
  for (const { id, text } of old)
    if (known.get(id) !== text)
      throw refused(`${node} prints ${known.get(id) ?? 'nothing'} for ${id} under today's code, it printed ${text}`, {
        ...{ node, number: id, before: text, now: known.get(id) ?? null },
      });
  if (canonicalJson(fresh.map(({ id }) => id).sort()) !== canonicalJson(old.map(({ id }) => id).sort()))
    throw refused(`${node} prints other numbers under today's code than it printed`, { node });
};

const numbersOf = async (outputs: Outputs, store: Store): Promise<readonly Number[]> => {
  const ref = Object.values(outputs).find(({ type }) => type === 'report') as ArtifactRef;
  const file = (await store.getArtifact(ref)).files.find(({ path }) => path === 'report.json');
  if (!file) throw refused(`the report ${ref.digest} has no report.json`);
  return (JSON.parse((await store.getBlob(file.digest)).toString()) as { printed?: Number[] }).printed ?? [];
};
