import { sleep, workflowInfo } from '@temporalio/workflow';
import type { Json } from '../core/errors.ts';
import { withoutPlaces } from '../core/plan.ts';
import type { RunPlaces, RunRecord, RunSpec } from '../core/run-record.ts';
import { isoTime } from '../core/time.ts';
import type { Bookkeeping } from '../engine/bookkeeping.ts';
import { bookkeeping, lastBookkeeping, sealRun } from './activities.ts';
import { Pace } from './pace.ts';
import { shorten } from './shorten.ts';
import type { ExperimentInput, RunProgress, RunState } from './types.ts';

type State = RunState | 'done' | 'failed' | 'cancelled';

/**
 * Keeps a run's document up. Each copy of the progress stays in the history, so that copies come at a pace; the run's state,
 * which is small, is written at once.
 */
export class DocumentWriter {
  readonly #input: ExperimentInput;
  readonly #pace = new Pace();
  readonly #wake: () => void;
  #state: State | undefined;
  #news = '';
  #waking = false;

  /** @param wake called when what was held back is due: `update` must be called again */
  constructor(input: ExperimentInput, wake: () => void) {
    this.#input = input;
    this.#wake = wake;
  }

  /** Writes down where the run stands, where that is new. */
  async update(now: RunProgress): Promise<void> {
    const news = newsOf(now);
    if (news === this.#news) return;
    const waitMs = this.#pace.waitMs(Date.now());
    if (waitMs === 0) {
      await this.write(now.state, now);
      this.#news = news;
    } else {
      if (now.state !== this.#state) await this.write(now.state);
      this.#wakeIn(waitMs);
    }
  }

  /** @param progress left as it was written last where it is not given */
  async write(state: State, progress?: RunProgress, { recordRun, restoreRun } = bookkeeping): Promise<void> {
    const { runId } = this.#input;
    const copy = progress && (shorten(progress, documentChars) as unknown as Json);
    if (copy) this.#pace.wrote(JSON.stringify(copy).length, Date.now());
    const run = { runId, state, ...(copy && { progress: copy }) };
    if ((await recordRun(run)) === 'unreadable') {
      await restoreRun(this.#fresh(state));
      await recordRun(run);
    }
    this.#state = state;
  }

  /** Keeps the run with all its records, and has its root written into the document. */
  async seal(nodes: RunRecord['nodes']): Promise<void> {
    const { runId } = this.#input;
    if ((await sealRun({ runId, nodes })) !== 'unreadable') return;
    await bookkeeping.restoreRun(this.#fresh('running'));
    await sealRun({ runId, nodes });
  }

  /** The document, as far as the workflow knows it. */
  #fresh(state: State): Parameters<Bookkeeping['restoreRun']>[0] {
    const { runId, plan, estimates } = this.#input;
    const { startTime, memo } = workflowInfo();
    const { overrides, files, savedPlan, places } = (memo ?? {}) as Partial<RunSpec> & { places?: RunPlaces };
    const path = String(memo?.spec ?? '');
    const spec = { path, ...(overrides && { overrides }), ...(files && { files }), ...(savedPlan && { savedPlan }) };
    const run = {
      id: runId,
      plan: withoutPlaces(plan),
      spec,
      ...(places && { places }),
      ...(estimates && { estimates }),
    };
    return { ...run, startedAt: isoTime(startTime), workflowId: runId, state };
  }

  /** The last state of a run that was asked to end: it does not wait for a store that is away, and never rejects. */
  async writeEnd(state: State, progress: RunProgress): Promise<void> {
    await this.write(state, progress, lastBookkeeping).catch(() => {});
  }

  #wakeIn(waitMs: number): void {
    if (this.#waking) return;
    this.#waking = true;
    sleep(waitMs).then(
      () => {
        this.#waking = false;
        this.#wake();
      },
      // The run is ending.
      () => {},
    );
  }
}

/** Characters of one failure's message in the document. */
const documentChars = 500;

/** What the run's document must say: where the run stands, and what went wrong. */
const newsOf = ({ state, nodes }: RunProgress): string =>
  [state, ...nodes.flatMap((node) => (node.failure || node.skipped ? [`${node.id} ${node.state}`] : []))].join('\n');
