import { commandLine } from '../client/shell.ts';
import { usageError } from '../client/usage-error.ts';
import type { RunView } from '../client/view/snapshot.ts';
import type { Arguments } from './command.ts';
import { formatDuration } from './view/format.ts';

const secondsOf = { d: 86_400, h: 3600, m: 60 };

/** `--budget` in seconds of compute time. @throws CemiflowError `Usage` */
export const readBudget = (args: Arguments): number | undefined => {
  const given = args.text('budget');
  if (given === undefined) return undefined;
  const [, d = '0', h = '0', m = '0'] = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$/.exec(given) ?? [];
  const seconds = Number(d) * secondsOf.d + Number(h) * secondsOf.h + Number(m) * secondsOf.m;
  if (seconds > 0) return seconds;
  throw usageError(`--budget must be a time in days, hours and minutes, such as 1d12h, got ${given}`, '--budget 20h');
};

/** Why a run waits for a larger budget, and how it continues; nothing where it does not. */
export const budgetWait = ({
  runId,
  spentSeconds = 0,
  budget,
}: Pick<RunView, 'runId' | 'spentSeconds' | 'budget'>): string | undefined => {
  if (!budget?.waits) return undefined;
  const { stage, estimatedSeconds, runningSeconds } = budget.waits;
  const under = runningSeconds > 0 ? `, stages under way need about ${formatDuration(runningSeconds)}` : '';
  const next = estimatedSeconds > 0 ? ` needs about ${formatDuration(estimatedSeconds)}` : ' waits';
  const enough = spentSeconds + runningSeconds + estimatedSeconds;
  return `${formatDuration(spentSeconds)} of its budget of ${formatDuration(budget.seconds)} are spent${under}, and ${stage}${next}: "${commandLine('continue', runId)} --budget ${roundedUp(enough)}" continues`;
};

/** As `--budget` takes it: `12m`, `31h` */
const roundedUp = (seconds: number): string => {
  const [size, unit] = seconds < secondsOf.h ? [secondsOf.m, 'm'] : [secondsOf.h, 'h'];
  return `${Math.ceil(seconds / size)}${unit}`;
};
