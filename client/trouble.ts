import { setTimeout as sleep } from 'node:timers/promises';
import { CemiflowError } from '../core/errors.ts';
import { type ServicesStatus, status } from '../services/index.ts';
import type { Device } from '../workflows/types.ts';
import type { Caller } from './caller.ts';
import { commandLine } from './shell.ts';

/** How often servers and worker processes are checked. */
const checkEveryMs = 10_000;

/** Reports what keeps a run from continuing. */
export interface TroubleWatch {
  /**
   * Emits each new trouble once, as an event: what was met on the way, or what the supervisor says, asked every ten seconds.
   *
   * @param met a trouble on the way: a new one is checked at once, and emitted unless the supervisor explains it better
   * @param device of the run: one on the CPU needs no GPU workers
   * @throws CemiflowError `ServiceGaveUp`, `ServicesNotUp` where nothing continues by itself
   */
  check(met?: string, device?: Device): Promise<void>;
}

export const watchTrouble = (runId: string, { home, env, on }: Caller): TroubleWatch => {
  let [emitted, metBefore, checkedAtMs] = ['', '', Date.now()];
  return {
    check: async (met = '', device = 'cpu') => {
      const news = met !== '' && met !== metBefore;
      metBefore = met;
      if (!news && Date.now() - checkedAtMs < checkEveryMs) return;
      checkedAtMs = Date.now();
      const found = await status({ home, env });
      refuseHopeless(found, runId, device);
      const trouble = found.troubles[0] ?? met;
      if (trouble && trouble !== emitted) on({ kind: 'trouble', run: runId, message: trouble });
      emitted = trouble || emitted;
    },
  };
};

/** Reports troubles until the signal, which resolves, or until nothing continues by itself, which rejects. */
export const untilHopeless = async (runId: string, caller: Caller, signal: AbortSignal): Promise<undefined> => {
  const trouble = watchTrouble(runId, caller);
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await trouble.check();
  }
  return undefined;
};

const refuseHopeless = (found: ServicesStatus, runId: string, device: Device): void => {
  const { supervisor, endpoints, troubles } = found;
  const attach = commandLine('attach', runId);
  const stopped = endpoints?.embedded && troubles.length > 0 && (!supervisor || supervisor.stopping);
  if (stopped)
    throw new CemiflowError('ServicesNotUp', `the services were stopped; ${runId} cannot continue`, {
      remedy: `"${attach}" starts them, and the run continues`,
      data: { run: runId },
    });
  const gone = found.givenUp.find(({ kind }) => kind !== 'gpu' || device === 'gpu');
  if (gone)
    throw new CemiflowError('ServiceGaveUp', `${runId} cannot continue: ${gone.how}`, {
      remedy: `look at the log; "${attach}" starts it again, and the run continues`,
      data: { run: runId },
    });
};
