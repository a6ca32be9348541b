import { defineUpdate, setHandler } from '@temporalio/workflow';
import { CemiflowError } from '../core/errors.ts';
import { refusing } from './failures.ts';
import type { Schedule } from './schedule.ts';
import {
  type AbortRequest,
  abortUpdateName,
  type BudgetRequest,
  budgetUpdateName,
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
  /** Whether nothing starts because of the budget alone. */
  waitsForBudget(): boolean;
  setBudget(request: BudgetRequest): void;
  setPaused(paused: boolean): void;
  abort(because: string): void;
  /** The schedule has changed. */
  changed(): void;
}

/** Reports and Temporal's history show the reason. */
const maxReasonLength = 1000;

/** Takes `retry`, `skip`, `abort`, `budget`, `pause` and `continue`. What cannot be done is refused before it enters the history. */
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
  setHandler(
    defineUpdate<object, [BudgetRequest]>(budgetUpdateName),
    (request) => {
      run.setBudget(request);
      return {};
    },
    {
      validator: ({ seconds }) =>
        refusing(() => {
          refuseLate();
          checkBudget(seconds);
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
      {
        validator: () =>
          refusing(() => {
            refuseLate();
            if (!paused && run.waitsForBudget()) throw budgetSpent();
          }),
      },
    );
};

const checkBudget = (seconds: number): void => {
  if (Number.isFinite(seconds) && seconds > 0) return;
  throw new CemiflowError('BudgetInvalid', `a budget must be a number of seconds above 0, got ${seconds}`, {
    remedy: 'give a time, such as 20h',
  });
};

const budgetSpent = (): CemiflowError =>
  new CemiflowError(
    'BudgetSpent',
    'the run is not paused by a person: its budget does not suffice for the next stage',
    {
      remedy: 'give it a larger one: "continue" with --budget; "status" says what is needed',
    },
  );

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
