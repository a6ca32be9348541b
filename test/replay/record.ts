import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Engine, startEngine } from '../workflows/harness.ts';
import { scenarios, setStage } from './scenarios.ts';

/**
 * Plays every scenario on real servers and keeps the histories: node --import tsx test/replay/record.ts
 *
 * Run it when a scenario is added, or when a workflow was changed on purpose in a way that old histories cannot follow.
 * Workers of another build never take a run over, so that such a change harms nothing; it should still be meant.
 */
const folder = fileURLToPath(new URL('./histories', import.meta.url));

type Client = Engine['client'];
type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

/** A run's history and those of its children, each with the histories that continue it. */
const historiesOf = async (client: Client, workflowId: string, runId?: string): Promise<object[]> => {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const followers = (history.events ?? []).flatMap((event) => {
    const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
    const next = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (child) return [{ id: child.workflowId as string, run: child.runId as string }];
    return next ? [{ id: workflowId, run: next }] : [];
  });
  const after = await Promise.all(followers.map(({ id, run }) => historiesOf(client, id, run)));
  return [{ workflowId, history: asJson(history) }, ...after.flat()];
};

/**
 * What protobuf writes again as it was: enums and 64-bit integers as numbers, bytes in base64. Without stacks, which name
 * folders of this machine; replay does not compare them.
 */
const asJson = (history: History): unknown => {
  const type = history.constructor as unknown as { toObject(message: History, options: object): object };
  const plain = type.toObject(history, { longs: Number, bytes: String });
  return JSON.parse(JSON.stringify(plain, (key, value) => (key === 'stackTrace' ? undefined : value)));
};

const engine = await startEngine({ slots: 4, identity: 'recorder' });
try {
  const stage = setStage(engine);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { name, play } of scenarios) {
    const runs = await play(stage);
    const histories = (await Promise.all(runs.map((run) => historiesOf(engine.client, run)))).flat();
    const file = `${name.replace(/[^a-z]+/g, '-')}.json`;
    writeFileSync(`${folder}/${file}`, `[\n${histories.map((history) => JSON.stringify(history)).join(',\n')}\n]\n`);
    console.log(`${file}: ${histories.length} histories`);
  }
} finally {
  await engine.stop();
}
