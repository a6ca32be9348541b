import { readFileSync } from 'node:fs';
import { Connection } from '@temporalio/client';
import { type Role, taskQueue } from '../core/queues.ts';

/** Exit code 0 when a worker of this role and build has asked Temporal for work in the last two minutes. */
const oldestPollMs = 120_000;
const [role = '', buildFile = '/app/build-id'] = process.argv.slice(2);
const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace = 'default' } = process.env;

const connection = await Connection.connect({ address, connectTimeout: '5s' });
const { pollers } = await connection.workflowService.describeTaskQueue({
  namespace,
  taskQueue: { name: taskQueue(role as Role, readFileSync(buildFile, 'utf8')) },
  // Workflow tasks for the orchestrator, activities for the others.
  taskQueueType: role === 'orchestrator' ? 1 : 2,
});
await connection.close();

const newestMs = Math.max(
  0,
  ...(pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000),
);
if (Date.now() - newestMs > oldestPollMs) {
  console.error(`no ${role} worker has polled in the last ${oldestPollMs / 1000} s`);
  process.exitCode = 1;
}
