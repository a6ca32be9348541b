import { afterAll, beforeAll, test } from 'vitest';
import { type Stage, scenarios, setStage } from '../replay/scenarios.ts';
import { type Engine, startEngine } from './harness.ts';

let engine: Engine;
let stage: Stage;

beforeAll(async () => {
  engine = await startEngine({ slots: 4, cachedWorkflows: 0 });
  stage = setStage(engine);
}, 120_000);

afterAll(() => engine?.stop());

// Each workflow task replays its history from the start: a step that is not deterministic fails it for ever.
test.each(scenarios.map(({ name, play }) => [name, play] as const))(
  'comes to its end where no workflow is kept in memory: %s',
  async (_name, play) => void (await play(stage)),
  120_000,
);
