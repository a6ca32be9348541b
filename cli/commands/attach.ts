import { CemiflowError } from '../../core/errors.ts';
import { buildId } from '../../schemas/code-digest.ts';
import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { ensureServices, withClient } from '../connect.ts';
import { keepWorkers, readResources, runningBuild } from '../launch.ts';
import { followToEnd } from '../outcome.ts';
import { findRun } from '../runs.ts';

export const run: Run = async (args, session) => {
  const endpoints = await ensureServices(session);
  const store = await openStore(endpoints.s3);
  const { id, plan } = await findRun(store, args.positionals[0] ?? '');
  return withClient(endpoints, async (client) => {
    const running = await runningBuild(client, id);
    if (running && running.build !== (await buildId()))
      throw new CemiflowError('BuildChanged', `the code has changed since ${id} was started`, {
        remedy: 'cemiflow run with its spec goes on under the new code; what is finished and unchanged is kept',
        data: { run: id, build: running.build },
      });
    const resources = readResources(args, session);
    const gpuWorkers = args.count('gpu-workers') ?? (running?.device === 'gpu' ? 1 : 0);
    if (running) await keepWorkers(session, running.build, { ...resources, gpuWorkers });
    return followToEnd({ client, store, plan, runId: id, out: args.text('out') }, session);
  });
};
