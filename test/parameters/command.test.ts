import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { stage } from '../../activities/command-run/stage.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import { codeDigest } from '../../foreign/code.ts';
import { stageContext } from '../faces/context.ts';
import { sweep } from './sweep.ts';

const context = stageContext();
let inputs: ArtifactRef[];

/** Writes down whatever it can see: all that a parameter may change. */
const script = `
import os, sys, json, time
seen = [sys.argv[1:], sorted(os.path.join(d, f) for d, _, fs in os.walk("inputs") for f in fs)]
seen += [os.environ.get(name) for name in ("OWN", "SWEPT_TOKEN", "OMP_NUM_THREADS")]
os.makedirs("o"); open("o/seen.txt", "w").write(json.dumps(seen))
open("p", "w").write("other")
time.sleep(float(os.environ.get("PAUSE", "0")))
`;

const folder = mkdtempSync(join(tmpdir(), 'swept-'));
beforeAll(async () => {
  process.env.SWEPT_TOKEN = 'a token';
  for (const [name, text] of [
    ['code', script],
    ['other', `${script}open("o/more.txt", "w").write("more")\n`],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'main.py'), text);
  }
  inputs = await Promise.all(
    ['a.txt', 'b.txt'].map(async (name) =>
      context.store.putArtifact({
        type: 'metrics',
        meta: {},
        files: [await context.store.putFile(name, Buffer.from(name), 'text/plain')],
      }),
    ),
  );
});
afterAll(() => {
  delete process.env.SWEPT_TOKEN;
  rmSync(folder, { recursive: true, force: true });
});

sweep('command/run', {
  store: context.store,
  run: async ({ code, ...params }) =>
    stage.run({ ...params, content: await codeDigest(`${code}`) } as never, {
      ...context,
      places: { code: `${code}` },
    }),
  base: () => ({
    command: ['python3', 'main.py'],
    code: join(folder, 'code'),
    inputs: { given: { from: inputs[0] as never } },
    outputs: { made: { type: 'files', path: 'o' } },
  }),
  changes: () => ({
    command: { to: ['python3', 'main.py', 'more'] },
    code: { to: join(folder, 'other') },
    inputs: { to: { given: { from: inputs[1] as never, as: 'files' } } },
    outputs: { to: { made: { type: 'files', path: 'p' } } },
    env: { to: { OWN: '1' } },
    secrets: { to: ['SWEPT_TOKEN'] },
    threads: { to: 3 },
    timeoutSeconds: { to: 1, with: { env: { PAUSE: '3' } as JsonObject } },
  }),
  inert: {
    checkpoint: {
      because: 'where state is kept is no part of the result; test/activities/command-run.test.ts resumes by it',
      to: 'c',
    },
    sandbox: { because: 'what a program cannot reach; test/foreign/sandbox.test.ts looks' },
    image: { because: 'needs an engine; test/foreign/container.test.ts runs in one where one works' },
    packages: { because: 'test/foreign/packages.test.ts installs some' },
    memoryMiB: { because: 'when it is killed; test/foreign/program.test.ts does it', to: 1_000_000 },
    gpus: { because: 'says which worker takes the stage' },
    graceSeconds: { because: 'how long a stopped program may take to end', to: 1 },
  },
});
