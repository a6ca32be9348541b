import { setTimeout as sleep } from 'node:timers/promises';
import { buildId } from '../../schemas/code-digest.ts';
import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { ensureServices, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { keepWorkers, readResources, runningBuild } from '../launch.ts';
import { findRun } from '../runs.ts';

export const run: Run = async (args, session) => {
  const endpoints = await ensureServices(session);
  const store = await openStore(endpoints.s3);
  const run = await findRun(store, args.positionals[0] ?? '');
  const { id } = run;
  const tell = (how: string): number => {
    session.print(session.json ? JSON.stringify({ run: id, how }) : `${id} ${how}`);
    return exitCodes.ok;
  };
  return withClient(endpoints, async (client) => {
    const running = await runningBuild(client, id);
    if (!running) return tell('is not running');
    const handle = client.workflow.getHandle(id);
    if (running.build !== (await buildId())) {
      // Nobody runs its code any more, so nobody could answer a request to stop.
      await handle.terminate('cancelled; its workers are of another build');
      await store.putRun({ ...run, state: 'cancelled' });
      return tell('was cancelled');
    }
    await keepWorkers(session, running.build, readResources(args, session));
    await handle.cancel();
    session.note('waiting for the stages under way to leave');
    while (await runningBuild(client, id)) {
      if (session.interrupted.aborted) return exitCodes.interrupted;
      await sleep(300);
    }
    return tell('was cancelled');
  });
};
