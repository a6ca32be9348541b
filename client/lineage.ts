import type { ActionKey } from '../core/action.ts';
import { CemiflowError } from '../core/errors.ts';
import type { Lineage } from '../core/lineage.ts';
import type { RunNode, RunRecord } from '../core/run-record.ts';
import { gatherRun, keepRun, openRun, runRecord } from '../engine/seal.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { progressNodes, statusOf } from './planned.ts';

/**
 * A run with all its records: as it was sealed at its end, or as far as it has come.
 *
 * @throws CemiflowError `ArtifactCorrupt` and the like where the sealed record is damaged
 */
export const lineageOf = async (store: Store, document: RunDocument): Promise<Lineage> =>
  document.root
    ? openRun(store, { type: 'run', digest: document.root })
    : gatherRun(store, runRecord(document, await nodesOf(store, document)));

/** Seals a run all of whose nodes are in the store, where that was not done: no workflow ran, or it could not. */
export const sealMade = async (
  store: Store,
  document: RunDocument,
  keys: ReadonlyMap<string, ActionKey>,
): Promise<RunDocument> => {
  const nodes = Object.fromEntries([...keys].map(([id, key]) => [id, { key }]));
  return keepRun(store, document, nodes);
};

/** What became of the nodes: what the document says of those made without skipped inputs, and what the store has. */
const nodesOf = async (store: Store, run: RunDocument): Promise<RunRecord['nodes']> => {
  const known = progressNodes(run).flatMap(({ id, key, outputs, skipped }): [string, RunNode][] => {
    if (skipped) return [[id, { skipped: skipped.because }]];
    return key && outputs ? [[id, { key }]] : [];
  });
  const { records } = await statusOf(run.plan, store);
  return Object.fromEntries([...known, ...[...records].map(([id, { key }]): [string, RunNode] => [id, { key }])]);
};

/** @throws CemiflowError `RunNotSealed` */
export const rootOf = ({ id, root }: RunDocument): NonNullable<RunDocument['root']> => {
  if (root) return root;
  throw new CemiflowError('RunNotSealed', `${id} has not ended yet, so that it has no root`, {
    remedy: `cemiflow status ${id} says where it stands`,
    data: { run: id },
  });
};
