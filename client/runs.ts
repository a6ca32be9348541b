import { CemiflowError } from '../core/errors.ts';
import type { RunDocument, Store } from '../store/index.ts';
import { runCommand } from './shell.ts';

export { runIdOf } from '../core/plan.ts';

/**
 * The run that a person means: its id, the beginning of it, or the name of an experiment (its latest run).
 *
 * @throws CemiflowError `UnknownRun`, or `RunCorrupt` where nothing but a damaged document has this name
 */
export const findRun = async (store: Store, name: string): Promise<RunDocument> => {
  if (name === '')
    throw new CemiflowError('UnknownRun', 'a run has no empty name', { remedy: 'cemiflow runs lists the runs' });
  const exact = await store.getRun(name).catch((error) => {
    if (error.code === 'RunCorrupt') return error as CemiflowError;
    throw error;
  });
  if (exact && !(exact instanceof Error)) return exact;
  const runs = await store.listRuns();
  const latest = runs.find(({ plan }) => plan.experiment === name);
  if (latest) return latest;
  const starting = runs.filter(({ id }) => id.startsWith(name));
  if (starting.length === 1 && starting[0]) return starting[0];
  if (exact && starting.length === 0) throw exact;
  // A damaged document does not tell its experiment; its id begins with it.
  const damaged = (await store.runIds()).find((id) => id.startsWith(name) && !runs.some((run) => run.id === id));
  if (damaged !== undefined && starting.length === 0) await store.getRun(damaged);
  const ids = (starting.length > 0 ? starting : runs).slice(0, 8).map(({ id }) => id);
  if (starting.length > 1)
    throw new CemiflowError('UnknownRun', `${name} is the beginning of ${starting.length} runs`, {
      remedy: `name one of them: ${ids.join(', ')}`,
      data: { name, ids },
    });
  throw new CemiflowError('UnknownRun', `there is no run ${name}`, {
    remedy: ids.length > 0 ? `the latest runs are ${ids.join(', ')}` : 'start one: cemiflow run SPEC',
    data: { name },
  });
};

/** Whether a run in this state has a workflow that is under way, or should have. */
export const isUnderWay = (state = 'running'): boolean => ['running', 'needs attention', 'paused'].includes(state);

/** The error for a run that is running by its document, and unknown to Temporal: its retention is over, or its database is new. */
export const workflowGone = (run: Pick<RunDocument, 'id' | 'spec' | 'places'>): CemiflowError =>
  new CemiflowError('WorkflowGone', `${run.id} stands still: its workflow is gone`, {
    remedy: `"${runCommand(run)}" takes it up again; what is finished is kept`,
    data: { run: run.id },
  });
