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
  // An id begins with its experiment, so that only these documents need to be read.
  const runs = await store.listRuns(name);
  const latest = runs.find(({ plan }) => plan.experiment === name);
  if (latest) return latest;
  if (runs.length === 1 && runs[0]) return runs[0];
  if (exact && runs.length === 0) throw exact;
  if (runs.length > 1) {
    const ids = runs.slice(0, 8).map(({ id }) => id);
    throw new CemiflowError('UnknownRun', `${name} is the beginning of ${runs.length} runs`, {
      remedy: `name one of them: ${ids.join(', ')}`,
      data: { name, ids },
    });
  }
  // A damaged document does not say its experiment; its id begins with it.
  const damaged = (await store.runIds()).find((id) => id.startsWith(name));
  if (damaged !== undefined) await store.getRun(damaged);
  const ids = (await store.listRuns()).slice(0, 8).map(({ id }) => id);
  throw new CemiflowError('UnknownRun', `there is no run ${name}`, {
    remedy: ids.length > 0 ? `the latest runs are ${ids.join(', ')}` : 'start one: cemiflow run SPEC',
    data: { name },
  });
};

/** Whether a run in this state has a workflow that is under way, or should have. */
export const isUnderWay = (state = 'running'): boolean => ['running', 'needs attention', 'paused'].includes(state);

/** The error for a run that is running by its document, and unknown to Temporal: its retention is over, or its database is new. */
export const workflowGone = (run: Pick<RunDocument, 'id' | 'spec' | 'places'>): CemiflowError =>
  new CemiflowError('WorkflowGone', `${run.id} cannot continue: its workflow is gone`, {
    remedy: `"${runCommand(run)}" takes it up again; what is finished is kept`,
    data: { run: run.id },
  });
