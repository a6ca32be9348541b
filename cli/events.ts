import type { Caller, ClientEvent } from '../client/caller.ts';
import { commandLine } from '../client/shell.ts';
import type { CemiflowError } from '../core/errors.ts';
import { plural } from '../core/words.ts';
import { budgetWait } from './budget.ts';
import type { Session } from './session.ts';
import { soFarLine } from './view/displays.ts';

/** The session as the functions of `client/` take it: their events become notes. */
export const callerOf = ({ env, home, cwd, interrupted, note }: Session): Caller => ({
  ...{ env, home, cwd, signal: interrupted },
  on: (event) => note(noteOf(event)),
});

/** An event as people read it. */
const noteOf = (event: ClientEvent): string => {
  switch (event.kind) {
    case 'service':
      return event.event.message;
    case 'step':
      return event.what;
    case 'hits gone':
      return `no longer in the store since the plan was saved, and made again: ${someOf(event.nodes)}`;
    case 'report damaged':
      return `the report ${event.digest} was damaged in the store: it is made again`;
    case 'launched':
      return `${event.how} ${event.run}${event.console ? ` · console ${event.console}` : ''}`;
    case 'other build':
      return `${event.run} was started with other code and waits; "cemiflow run" with its spec continues it with this code`;
    case 'paused':
      return `${event.run} is paused: ${budgetWait({ ...event, runId: event.run }) ?? `"${commandLine('continue', event.run)}" continues it`}`;
    case 'retrying':
      return `trying ${event.stages.join(', ')} again`;
    case 'ending':
      return 'waiting for the stages under way to stop';
    case 'trouble':
      return `trouble: ${event.message}`;
    case 'replaying':
      return `replaying ${plural(event.jobs, 'piece')}, chosen by --seed ${event.seed}`;
    case 'replayed': {
      const { name, verdict, why, seconds } = event.replayed;
      return `${name}: ${verdict}${why ? `: ${why}` : ''} (${seconds.toFixed(1)} s)`;
    }
    case 'report so far':
      return soFarLine(event);
    case 'report so far failed': {
      const { code = 'Unknown', message } = event.error as CemiflowError;
      return `the report so far could not be written, and is tried again: ${code}: ${message}`;
    }
    case 'page incomplete': {
      const { code, message } = event.error as CemiflowError;
      return `${event.page} lacks the run's root and chains: ${code}: ${message}\n"cemiflow audit ${event.run}" says what is damaged`;
    }
  }
};

/** The first four names. */
const someOf = (names: readonly string[]): string => {
  const some = names.slice(0, 4);
  return `${some.join(', ')}${names.length > some.length ? ` and ${names.length - some.length} more` : ''}`;
};
