import { knownEndpoints, withClient } from '../../client/connect.ts';
import { findRun, isUnderWay } from '../../client/runs.ts';
import { documentView, runViewer } from '../../client/view/snapshot.ts';
import type { ServicesStatus } from '../../services/index.ts';
import { status } from '../../services/index.ts';
import { openStore } from '../../store/index.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';
import { stageLine, summaryOf } from '../view/rows.ts';

export const run: Run = async ({ positionals: [name] }, session) => {
  if (name === undefined) return showServices(await status({ home: session.home, env: session.env }), session);
  const endpoints = knownEndpoints(session);
  const store = await openStore(endpoints.s3);
  const run = await findRun(store, name);
  const [view, { troubles }] = await Promise.all([
    withClient(endpoints, (client) => runViewer(client, store, run)()).catch(() => documentView(run, 'unknown')),
    status({ home: session.home, env: session.env }),
  ]);
  // What keeps a run from going on is no news once it is over.
  const told = isUnderWay(view.state) ? [...(view.trouble ? [view.trouble] : []), ...troubles] : [];
  if (session.json) session.print(JSON.stringify({ ...view, troubles: told }, null, 2));
  else
    session.print(
      [
        summaryOf(view),
        ...view.stages.map((stage) => `  ${stageLine(stage, view.nowMs)}`),
        ...told.map((trouble) => `trouble: ${trouble}`),
      ].join('\n'),
    );
  return exitCodes.ok;
};

const showServices = (found: ServicesStatus, { json, print }: Session): number => {
  const { supervisor, endpoints, troubles, orphans } = found;
  if (json) print(JSON.stringify({ ...found, endpoints: endpoints && withoutSecrets(endpoints) }, null, 2));
  else {
    const rows = (supervisor?.children ?? []).map(({ name, state, pid, port, restarts, log }) => [
      `  ${name}`,
      state === 'failed' ? 'given up' : state,
      pid ? `pid ${pid}` : '',
      port ? `port ${port}` : '',
      restarts > 0 ? `${restarts} restarts` : '',
      log,
    ]);
    print(supervisor ? `supervisor: pid ${supervisor.pid}` : 'no supervisor runs: cemiflow up');
    if (rows.length > 0) print(alignColumns(rows).join('\n'));
    if (endpoints) {
      print(
        `Temporal: ${endpoints.temporal.address}${endpoints.temporal.ui ? ` · console ${endpoints.temporal.ui}` : ''}`,
      );
      print(`S3: ${endpoints.s3.endpoint}${endpoints.s3.console ? ` · console ${endpoints.s3.console}` : ''}`);
    }
    for (const trouble of troubles) print(`trouble: ${trouble}`);
    if (orphans.length > 0)
      print(`left behind by a killed supervisor: ${orphans.join(', ')}; "cemiflow up" clears them`);
  }
  return supervisor && troubles.length === 0 ? exitCodes.ok : exitCodes.runFailed;
};

const withoutSecrets = ({ temporal, s3 }: NonNullable<ServicesStatus['endpoints']>) => ({
  temporal,
  s3: { endpoint: s3.endpoint, bucket: s3.bucket, region: s3.region, console: s3.console },
});
