import { defineUpdate, setHandler } from '@temporalio/workflow';
import { CemiflowError } from '../core/errors.ts';
import { refusing } from './failures.ts';
import type { Schedule } from './schedule.ts';
import {
  type AbortRequest,
  abortUpdateName,
  continueUpdateName,
  pauseUpdateName,
  type RetryRequest,
  retryUpdateName,
  type SkipRequest,
  type StagesAnswer,
  skipUpdateName,
} from './types.ts';

/** What people may ask of a run. */
export interface Listener {
  /** Whether the run is about to end, so that it can take nothing up any more. */
  ending(): boolean;
  setPaused(paused: boolean): void;
  abort(because: string): void;
  /** The schedule has changed. */
  changed(): void;
}

/** Reports and Temporal's history show the reason. */
const maxReasonLength = 1000;

/** Takes `retry`, `skip`, `abort`, `pause` and `continue`. What cannot be done is refused before it enters the history. */
export const listen = (schedule: Schedule, run: Listener): void => {
  const refuseLate = (): void => {
    if (!run.ending()) return;
    throw new CemiflowError('RunEnding', 'the run is ending', {
      remedy: 'wait for its end; "cemiflow run" takes it up again',
    });
  };

  setHandler(
    defineUpdate<StagesAnswer, [RetryRequest]>(retryUpdateName),
    ({ stages: names }) => {
      const stages = refusing(() => schedule.failedNodes(names));
      schedule.retry(stages);
      run.changed();
      return { stages };
    },
    {
      validator: ({ stages }) =>
        refusing(() => {
          refuseLate();
          schedule.failedNodes(stages);
        }),
    },
  );
  setHandler(
    defineUpdate<StagesAnswer, [SkipRequest]>(skipUpdateName),
    ({ stages: names, because }) => {
      const stages = refusing(() => schedule.failedNodes(names));
      schedule.skip(stages, because.trim());
      run.changed();
      return { stages };
    },
    {
      validator: ({ stages, because }) =>
        refusing(() => {
          refuseLate();
          checkReason(because);
          schedule.failedNodes(stages);
        }),
    },
  );
  setHandler(
    defineUpdate<object, [AbortRequest]>(abortUpdateName),
    ({ because = '' }) => {
      run.abort(because.trim());
      return {};
    },
    {
      validator: ({ because = '' }) =>
        refusing(() => {
          refuseLate();
          checkLength(because);
        }),
    },
  );
  for (const [name, paused] of [
    [pauseUpdateName, true],
    [continueUpdateName, false],
  ] as const)
    setHandler(
      defineUpdate<object, []>(name),
      () => {
        run.setPaused(paused);
        return {};
      },
      { validator: () => refusing(refuseLate) },
    );
};

const checkReason = (because: string): void => {
  checkLength(because);
  if (because.trim() !== '') return;
  throw new CemiflowError('ReasonMissing', 'a stage is skipped for a reason, got none', {
    remedy: 'say why: the report that is made without the stage repeats it',
  });
};

const checkLength = (because: string): void => {
  if (because.length <= maxReasonLength) return;
  throw new CemiflowError(
    'ReasonTooLong',
    `a reason has at most ${maxReasonLength} characters, got ${because.length}`,
    {
      remedy: 'say it shorter',
    },
  );
};
