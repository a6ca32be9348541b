import { isUnderWay } from '../../client/runs.ts';
import { keepItsWorkers, reachRun, untilEnded } from '../../client/underway.ts';
import { isoTime } from '../../core/time.ts';
import { buildId } from '../../spec/code-digest.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';

export const run: Run = (args, session) =>
  reachRun(args, session, async ({ client, store, run, running }) => {
    const tell = (how: string): number => {
      session.print(session.json ? JSON.stringify({ run: run.id, how }) : `${run.id} ${how}`);
      return exitCodes.ok;
    };
    const handle = client.workflow.getHandle(run.id);
    if (running && running.build === (await buildId())) {
      await keepItsWorkers(run, running, args, session);
      await handle.cancel();
      return (await untilEnded(client, run.id, session)) ? tell('was cancelled') : exitCodes.interrupted;
    }
    if (!running && !isUnderWay(run.state)) return tell('is not running');
    // Nobody runs its code any more, so nobody could answer a request to stop; or its workflow is gone altogether.
    if (running) await handle.terminate('cancelled; its workers are of another build');
    await store.putRun({ ...run, state: 'cancelled', endedAt: isoTime(new Date()) });
    return tell('was cancelled');
  });
