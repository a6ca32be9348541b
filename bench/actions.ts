import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { JsonObject } from '../core/errors.ts';
import { down, up } from '../services/index.ts';
import { openStore, type Store } from '../store/index.ts';
import type { Benchmark, Context, Side } from './benchmark.ts';
import { execute } from './noop/command.ts';
import { cemiflow } from './noop/ours.ts';

const count = 500;

/** As many stages that need nothing of each other; each packs the same two photos of 16 × 16 pixels. */
const specOf = (seed: number): string => `experiment: actions
seed: ${seed}
params: {i: [${Array.from({ length: count }, (_, i) => i + 2).join(', ')}]}
stages:
  photos:
    uses: data/folder
    matrix: {i: "\${{ params.i }}"}
    with: {path: ./photos, size: 16, maxImages: "\${{ matrix.i }}"}
`;

const writePhotos = async (folder: string): Promise<void> => {
  mkdirSync(join(folder, 'photos', 'one'), { recursive: true });
  for (const red of [60, 180])
    await sharp({ create: { width: 16, height: 16, channels: 3, background: { r: red, g: 90, b: 120 } } })
      .png()
      .toFile(join(folder, 'photos', 'one', `${red}.png`));
};

/** Seconds from the start to the end of a run, as its document has them: planning and the viewer are no part of it. */
const secondsOf = async (store: Store, runId: string): Promise<number> => {
  const run = await store.getRun(runId);
  if (run?.state !== 'done' || !run.endedAt) throw new Error(`${runId} is ${run?.state ?? 'not there'}, not done`);
  return (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
};

const ours = ({ folder, env: outer, note }: Context): Side => {
  const home = join(folder, 'home');
  const env = { ...outer, CEMIFLOW_HOME: home };
  let store: Store;
  let seed = 0;
  let facts: JsonObject = {};
  return {
    name: 'cemiflow',
    prepare: async () => {
      const { s3 } = await up({ home, env, stopWithPid: process.pid });
      store = await openStore(s3);
      await writePhotos(folder);
      note(`actions: ${count} of them for each repetition`);
    },
    // Another seed makes other actions of them; the first repetition also starts the workers, and is not measured.
    run: async () => {
      const spec = join(folder, 'actions.yaml');
      writeFileSync(spec, specOf(++seed));
      const lines = (await execute(cemiflow(['run', spec, '--json'], folder, env))).trim().split('\n');
      const { run } = JSON.parse(lines.findLast((line) => line.startsWith('{"run"')) ?? '{}') as { run: string };
      const seconds = await secondsOf(store, run);
      facts = { actions: count, lastRunSeconds: seconds, flags: 'those of "cemiflow run"' };
      return seconds / count;
    },
    facts: () => facts,
    close: async () => void (await down({ home })),
  };
};

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'actions',
    work: `${count} tiny actions (data/folder, two photos of 16 × 16 pixels) that need nothing of each other, by "cemiflow run" with its defaults, workers up: wall time from start to end of the run, per action, with Temporal, look-up, work, blob, manifest and record`,
    targetSeconds: 0.015,
    rounds: 5,
    sides: async (context) => ({ ours: ours(context), peers: [] }),
  },
];
