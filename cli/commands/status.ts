import type { ServicesStatus } from '../../services/index.ts';
import { status } from '../../services/index.ts';
import { openStore, type RunDocument } from '../../store/index.ts';
import type { RunProgress } from '../../workflows/types.ts';
import type { Run } from '../command.ts';
import { knownEndpoints, withClient } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import { findRun } from '../runs.ts';
import type { Session } from '../session.ts';
import { alignColumns } from '../view/format.ts';
import { stageLine, summaryOf } from '../view/rows.ts';
import { type RunView, takeSnapshot } from '../view/snapshot.ts';

export const run: Run = async ({ positionals: [name] }, session) => {
  if (name === undefined) return showServices(await status({ home: session.home, env: session.env }), session);
  const endpoints = knownEndpoints(session);
  const run = await findRun(await openStore(endpoints.s3), name);
  // Temporal forgets closed runs after a while; the store does not.
  const view = await withClient(endpoints, (client) => takeSnapshot(client, run.id)).catch(() => undefined);
  const shown = view && view.stages.length > 0 ? view : { ...fromDocument(run), ...(view && { state: view.state }) };
  if (session.json) session.print(JSON.stringify(shown, null, 2));
  else
    session.print([summaryOf(shown), ...shown.stages.map((stage) => `  ${stageLine(stage, shown.nowMs)}`)].join('\n'));
  return exitCodes.ok;
};

const showServices = (found: ServicesStatus, { json, print }: Session): number => {
  const { supervisor, endpoints, troubles, orphans } = found;
  if (json) print(JSON.stringify({ ...found, endpoints: endpoints && withoutSecrets(endpoints) }, null, 2));
  else {
    const rows = (supervisor?.children ?? []).map(({ name, state, pid, port, restarts, log }) => [
      `  ${name}`,
      state,
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

/** The run as it was last written down. */
const fromDocument = ({ id, plan, state = 'running', startedAt, endedAt, progress }: RunDocument): RunView => ({
  runId: id,
  experiment: plan.experiment,
  state,
  startedAtMs: Date.parse(startedAt),
  nowMs: endedAt ? Date.parse(endedAt) : Date.now(),
  stages: (progress as unknown as RunProgress | undefined)?.nodes ?? [],
});
