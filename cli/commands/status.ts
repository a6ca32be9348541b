import { type Services, servicesStatus } from '../../client/services.ts';
import { plural } from '../../core/words.ts';
import type { Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { printResult } from '../session.ts';
import { alignColumns } from '../view/format.ts';

export const run: Run = async ({ positionals: [name] }, session) => {
  if (name === undefined) {
    const found = await servicesStatus(session);
    printResult(session, found, servicesText(found).join('\n'), 2);
    return found.supervisor && found.troubles.length === 0 ? exitCodes.ok : exitCodes.runFailed;
  }
  // These load Temporal's client, which takes longer than all that services are asked.
  const { runStatus } = await import('../../client/run-status.ts');
  const { stageLine, summaryOf } = await import('../view/rows.ts');
  const { view, troubles } = await runStatus(name, session);
  const lines = [
    summaryOf(view),
    ...view.stages.map((stage) => `  ${stageLine(stage, view.nowMs)}`),
    ...troubles.map((trouble) => `trouble: ${trouble}`),
  ];
  printResult(session, { ...view, troubles }, lines.join('\n'), 2);
  return exitCodes.ok;
};

const servicesText = ({ supervisor, endpoints, troubles, orphans }: Services): string[] => {
  const rows = (supervisor?.children ?? []).map(({ name, state, pid, port, restarts, log }) => [
    `  ${name}`,
    state === 'failed' ? 'given up' : state,
    pid ? `pid ${pid}` : '',
    port ? `port ${port}` : '',
    restarts > 0 ? plural(restarts, 'restart') : '',
    log,
  ]);
  const at = (address: string, console?: string): string => `${address}${console ? ` · console ${console}` : ''}`;
  return [
    supervisor ? `supervisor: pid ${supervisor.pid}` : 'no supervisor runs: cemiflow up',
    ...alignColumns(rows),
    ...(endpoints
      ? [
          `Temporal: ${at(endpoints.temporal.address, endpoints.temporal.ui)}`,
          `S3: ${at(endpoints.s3.endpoint, endpoints.s3.console)}`,
        ]
      : []),
    ...troubles.map((trouble) => `trouble: ${trouble}`),
    ...(orphans.length > 0
      ? [`left behind by a killed supervisor: ${orphans.join(', ')}; "cemiflow up" clears them`]
      : []),
  ];
};
