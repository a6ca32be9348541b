import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, emptyFolder } from '../cli/helpers.ts';
import { ownEnv, startServices, type TestServices } from '../helpers/services.ts';

/** Two GPUs by name alone: programs look at `CUDA_VISIBLE_DEVICES`, and these do nothing else with it. */
const env = { ...ownEnv(), CUDA_VISIBLE_DEVICES: 'GPU-a,GPU-b' };
const folder = emptyFolder();
const held = join(folder, 'held');
let services: TestServices;

beforeAll(async () => {
  services = await startServices({ env });
  mkdirSync(join(folder, 'code'));
  mkdirSync(held);
  writeFileSync(
    join(folder, 'code/hold.py'),
    `import os, sys, time
gpu = os.environ["CUDA_VISIBLE_DEVICES"]
mark = os.path.join(sys.argv[1], gpu)
os.mkdir(mark)  # Fails where another program holds the same GPU.
time.sleep(1)
os.rmdir(mark)
open("gpu.txt", "w").write(gpu)
`,
  );
  writeFileSync(
    join(folder, 'spec.yaml'),
    `experiment: gpus
seed: 1
stages:
  task:
    uses: command/run
    matrix: { i: [1, 2, 3, 4] }
    with:
      code: ./code
      command: [python3, hold.py, ${JSON.stringify(held)}, "\${{ matrix.i }}"]
      gpus: 1
      outputs: { gpu: { type: files, path: gpu.txt } }
`,
  );
}, 600_000);
afterAll(() => services?.stop());

test('four programs on two GPUs: each has one to itself, and both are used', async () => {
  const options = { home: services.home, env };
  const ran = await cli(['run', join(folder, 'spec.yaml'), '--device', 'gpu', '--gpu-workers', '2', '--yes'], options);
  expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining('error[')]);
  const used: string[] = [];
  for (const i of [1, 2, 3, 4]) {
    const out = join(folder, `out-${i}`);
    expect((await cli(['get', `gpus:task[i=${i}]`, '--out', out], options)).code).toBe(0);
    used.push(readFileSync(join(out, 'gpu.txt'), 'utf8'));
  }
  expect([...new Set(used)].sort()).toEqual(['GPU-a', 'GPU-b']);
}, 600_000);
