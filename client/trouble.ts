import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../cli/session.ts';
import { CemiflowError } from '../core/errors.ts';
import { type ServicesStatus, status } from '../services/index.ts';
import type { Device } from '../workflows/types.ts';
import { commandLine } from './shell.ts';

/** How often servers and worker processes are looked at. */
const lookEveryMs = 10_000;

export interface Trouble {
  /**
   * Says once what keeps the run from going on: what the caller has met, or what the supervisor tells every ten seconds.
   *
   * @param met where it is new, looks at once, and tells this where nothing explains it better
   * @param device of the run: one on the CPU does without workers for a GPU
   * @throws CemiflowError `ServiceGaveUp`, `ServicesNotUp` where nothing goes on by itself
   */
  look(met?: string, device?: Device): Promise<void>;
}

export const troubleTeller = (runId: string, session: Session): Trouble => {
  let [told, metBefore, lookedAtMs] = ['', '', Date.now()];
  return {
    look: async (met = '', device = 'cpu') => {
      const news = met !== '' && met !== metBefore;
      metBefore = met;
      if (!news && Date.now() - lookedAtMs < lookEveryMs) return;
      lookedAtMs = Date.now();
      const found = await status({ home: session.home, env: session.env });
      refuseHopeless(found, runId, device);
      const trouble = found.troubles[0] ?? met;
      if (trouble && trouble !== told) session.note(`trouble: ${trouble}`);
      told = trouble || told;
    },
  };
};

/** Tells troubles until there is no hope, which rejects, or until the signal, which resolves. */
export const untilHopeless = async (runId: string, session: Session, signal: AbortSignal): Promise<undefined> => {
  const trouble = troubleTeller(runId, session);
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await trouble.look();
  }
  return undefined;
};

const refuseHopeless = (found: ServicesStatus, runId: string, device: Device): void => {
  const { supervisor, endpoints, troubles } = found;
  const attach = commandLine('attach', runId);
  const stopped = endpoints?.embedded && troubles.length > 0 && (!supervisor || supervisor.stopping);
  if (stopped)
    throw new CemiflowError('ServicesNotUp', `the services were stopped; ${runId} stands still`, {
      remedy: `"${attach}" starts them, and the run goes on`,
      data: { run: runId },
    });
  const gone = found.givenUp.find(({ kind }) => kind !== 'gpu' || device === 'gpu');
  if (gone)
    throw new CemiflowError('ServiceGaveUp', `${runId} stands still: ${gone.how}`, {
      remedy: `look at the log; "${attach}" starts it again, and the run goes on`,
      data: { run: runId },
    });
};
