import { type ActionRecord, actionKey } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { type Digest, digestOf, isDigest } from '../../core/digest.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { Lineage } from '../../core/lineage.ts';
import type { PlanNode } from '../../core/plan.ts';
import { type Notice, publishPage } from '../../provenance/publish/page.ts';
import { readReport, reportFiles } from '../../report/build.ts';
import { printedNumbers } from '../../report/printed.ts';
import { memoryStore } from '../helpers/memory-store.ts';
import { recordOf } from '../helpers/record.ts';
import { node, output } from '../workflows/harness.ts';
import { madeUpExperiment } from './fixture.ts';

const findings: Notice[] = [{ severity: 'warning', message: 'm was chosen on the benchmarks that are reported' }];

/** The page of a report with every block, as people get it: each number with the steps behind it. */
export const madeUpPage = async (): Promise<string> => {
  const store = memoryStore();
  const params = await madeUpExperiment(store);
  const model = await readReport(params, store);
  const [page] = reportFiles(model).files;
  const lineage = lineageOf(params as unknown as JsonObject);
  return publishPage(page?.text ?? '', lineage, printedNumbers(model), findings, digestOf('publisher'));
};

/** A run in which every artifact of a report was made by a step of its own, from the same photos. */
const lineageOf = (params: JsonObject): Lineage => {
  const records = new Map<Digest, ActionRecord>();
  const nodes: PlanNode[] = [];
  const keys: { [id: string]: { key: Digest } } = {};
  const add = (id: string, taken: JsonObject, out: ArtifactRef): void => {
    const record = recordOf({ kind: 'test/made', params: { id }, seed: 1, code: digestOf('code') }, { out });
    records.set(actionKey(record.action), record);
    nodes.push(node(id, 'test/made', taken));
    keys[id] = { key: record.key };
  };
  const made = new Map<Digest, string>();
  const takeFrom = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(takeFrom);
    if (!isDigest(value.digest))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeFrom(item)]));
    const id = made.get(value.digest) ?? `${value.type}.${made.size + 1}`;
    if (!made.has(value.digest)) add(id, { data: output('photos') }, value as unknown as ArtifactRef);
    made.set(value.digest, id);
    return output(id);
  };
  add('photos', {}, { type: 'dataset', digest: digestOf('photos') });
  add('report', takeFrom(params) as JsonObject, { type: 'report', digest: digestOf('report') });
  const run = {
    ...{ id: 'made-up', experiment: 'made-up', plan: { experiment: 'made-up', nodes }, nodes: keys },
    ...{ spec: { path: 'made-up.yaml' }, startedAt: '2026-01-01T00:00:00+00:00' },
  };
  return { run, records, digests: new Map(), root: { type: 'run', digest: digestOf('root') } };
};
