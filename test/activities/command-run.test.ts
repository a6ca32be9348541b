import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stage } from '../../activities/command-run/stage.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { Checkpoint, StageCheckpoints } from '../../core/checkpoint.ts';
import type { Json, JsonObject } from '../../core/errors.ts';
import type { Progress, StageContext } from '../../core/stage.ts';
import { codeDigest } from '../../foreign/code.ts';
import { encodePng } from '../../formats/image.ts';
import { loadStageSchemas } from '../../schemas/stage-schemas.ts';
import { stageContext } from '../faces/context.ts';

let folder: string;
let code: string;
const before = process.env.CEMIFLOW_SCRATCH;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'));
  process.env.CEMIFLOW_SCRATCH = join(folder, 'scratch');
});
afterAll(() => {
  if (before === undefined) delete process.env.CEMIFLOW_SCRATCH;
  else process.env.CEMIFLOW_SCRATCH = before;
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  code = mkdtempSync(join(folder, 'code-'));
});

/** Whether this process may mount a disk that is soon full. */
const smallDisk = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(code, path)), { recursive: true });
  writeFileSync(join(code, path), text);
};

type Told = StageContext & { readonly told: Progress[]; readonly lines: string[] };

const contextOf = (more: Partial<StageContext> = {}): Told => {
  const [told, lines]: [Progress[], string[]] = [[], []];
  return {
    ...stageContext(),
    ...{ told, lines, places: { code } },
    progress: async (progress) => void told.push(progress),
    log: (line) => void lines.push(line),
    ...more,
  };
};

/** Runs a script in Python. @param more parameters; outputs by default are the file `out.json` of numbers */
const run = async (script: string, more: JsonObject = {}, context: StageContext = contextOf()): Promise<Outputs> => {
  write('main.py', script);
  const params: JsonObject = {
    ...{ command: ['python3', 'main.py'], content: await codeDigest(code) },
    outputs: { numbers: { type: 'metrics', path: 'out.json' } },
    ...more,
  };
  const schema = loadStageSchemas().get('command/run');
  expect([schema?.validateAction(params), schema?.validateAction.errors]).toEqual([true, null]);
  return stage.run(params as never, context);
};

const filesOf = async (ref: ArtifactRef | undefined, { store }: StageContext): Promise<{ [path: string]: string }> => {
  const { files } = await store.getArtifact(ref as ArtifactRef);
  const read = files.map(async ({ path, digest }) => [path, (await store.getBlob(digest)).toString()] as const);
  return Object.fromEntries(await Promise.all(read));
};

const leave = (json: string): string => `import json\njson.dump(${json}, open("out.json", "w"))\n`;
const put = (path: string): string =>
  `import os\nos.makedirs(os.path.dirname("${path}") or ".", exist_ok=True)\nopen("${path}", "w").write("x")\n`;

describe('a program', () => {
  it('gets its arguments, seed, environment and secrets, and nothing else of the worker', async () => {
    process.env.SECRET_TOKEN = 'hush-hush';
    process.env.OTHER_TOKEN = 'other';
    const context = contextOf({ seed: 11 });
    const script = `import os, sys\nprint(os.environ["SECRET_TOKEN"])\n${leave('{"seed": int(os.environ["CEMIFLOW_SEED"]), "other": float("OTHER_TOKEN" in os.environ), "arguments": len(sys.argv), "last": float(sys.argv[-1])}')}assert os.environ["OWN"] == "1" and sys.argv[1:4] == ["{x}", "out.json", "$HOME"]`;
    const { numbers } = await run(
      script,
      {
        command: ['python3', 'main.py', '{x}', '{outputs.numbers}', '$HOME', '{seed}'],
        ...{ env: { OWN: '1' }, secrets: ['SECRET_TOKEN'] },
      },
      context,
    );
    const values = { arguments: 5, last: 11, other: 0, seed: 11 };
    expect(JSON.parse((await filesOf(numbers, context))['metrics.json'] ?? '')).toEqual({ kind: 'own', values });
    expect(context.lines.join('\n')).toContain('***');
    expect(context.lines.join('\n')).not.toContain('hush');
    delete process.env.SECRET_TOKEN;
    delete process.env.OTHER_TOKEN;
    await expect(run(script, { secrets: ['SECRET_TOKEN'] })).rejects.toMatchObject({ code: 'SecretMissing' });
  });

  it('says how far it is', async () => {
    const context = contextOf();
    const said = ['::cemiflow progress phase=train step=1 steps=3 loss=0.5', '::cemiflow progress step=2'];
    await run(`print("${said.join('\\n')}")\n${leave('{"a": 1}')}`, {}, context);
    expect(context.told).toEqual([
      { phase: 'run', step: 0, steps: 0 },
      { phase: 'train', step: 1, steps: 3, metrics: { loss: 0.5 } },
      { phase: 'train', step: 2, steps: 3, metrics: { loss: 0.5 } },
    ]);
  });

  it('leaves nothing on the disk', async () => {
    await run(`import os\nos.chmod(".", 0o500)\nos.chmod(".", 0o700)\n${leave('{"a": 1}')}`);
    await expect(run('raise SystemExit(3)')).rejects.toThrow();
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
  });
});

describe('code', () => {
  it('that is edited after it was planned is refused', async () => {
    write('main.py', 'pass');
    const content = await codeDigest(code);
    await expect(run(leave('{"a": 1}'), { content })).rejects.toMatchObject({ code: 'CodeChanged' });
  });

  it('that has run once is kept: another attempt needs no folder, and what is edited meanwhile changes nothing', async () => {
    const context = contextOf();
    write('lib/value.py', 'value = 1');
    const { numbers } = await run(`from lib.value import value\n${leave('{"a": value}')}`, {}, context);
    const content = await codeDigest(code);
    write('lib/value.py', 'value = 2');
    const { places: _, ...elsewhere } = context;
    write('main.py', 'raise SystemExit(1)');
    const params = {
      command: ['python3', 'main.py'],
      content,
      outputs: { numbers: { type: 'metrics', path: 'out.json' } },
    };
    loadStageSchemas().get('command/run')?.validateAction(params);
    expect(await stage.run(params as never, elsewhere as StageContext)).toEqual({ numbers });
  });
});

describe('what it makes', () => {
  const picture = async (grey: number): Promise<string> =>
    Buffer.from(await encodePng(new Uint8Array(16 * 16 * 3).fill(grey), 16, 16)).toString('base64');

  it('comes back as another program’s input, in the format asked for', async () => {
    const context = contextOf();
    const [a, b] = [await picture(10), await picture(200)];
    const { images } = await run(
      `import os, base64\nfor p, i, x in [("ann", "1", "${a}"), ("ann", "2", "${b}"), ("bob", "1", "${b}")]:\n    os.makedirs(f"set/{p}", exist_ok=True)\n    open(f"set/{p}/{i}.png", "wb").write(base64.b64decode(x))`,
      { outputs: { images: { type: 'dataset', path: 'set', size: 16 } } },
      context,
    );
    const manifest = await context.store.getArtifact(images as ArtifactRef);
    expect(manifest).toMatchObject({ type: 'dataset', meta: { identities: 2, images: 3, peopleShown: 'generated' } });
    const found: string[] = [];
    for (const { path, digest } of shardsOf(manifest.files))
      for (const { identity, image } of unpackShard(await context.store.getBlob(digest), path))
        found.push(`${identity}/${image}`);
    expect(found).toEqual(['0/0', '0/1', '1/0']);
    const list = `import os\nfound = sorted(os.path.join(d, f) for d, _, fs in os.walk("inputs") for f in fs)\nopen("list.txt", "w").write("\\n".join(found))`;
    const listed = async (as: string) => {
      const { list: made } = await run(
        list,
        { inputs: { faces: { from: images as never, as } }, outputs: { list: { type: 'files', path: 'list.txt' } } },
        context,
      );
      return (await filesOf(made, context))['list.txt']?.split('\n');
    };
    const names = ['000000/0000', '000000/0001', '000001/0000'];
    expect(await listed('auto')).toEqual(names.map((name) => `inputs/faces/${name}.png`));
    expect(await listed('recordio')).toEqual(
      ['property', 'train.idx', 'train.rec'].map((name) => `inputs/faces/${name}`),
    );
    expect(await listed('files')).toEqual(manifest.files.map(({ path }) => `inputs/faces/${path}`).sort());
  });

  it('may be a recognizer as PyTorch saved it, which recognizer/import would take', async () => {
    const fixtures = join(import.meta.dirname, '../fixtures/formats/weights');
    cpSync(join(fixtures, 'adaface.ckpt'), join(code, 'trained.ckpt'));
    const { network } = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
    const recognizer = { channels: 'bgr', network: { preset: 'ir_18', ...network, variant: 'ir' } };
    const script = 'import shutil\nshutil.copy("trained.ckpt", "model.ckpt")';
    const output = { type: 'weights', path: 'model.ckpt', licence: 'MIT', recognizer };
    const context = contextOf();
    const { model } = await run(script, { outputs: { model: output } }, context);
    const { type, meta, files } = await context.store.getArtifact(model as ArtifactRef);
    expect(type).toBe('weights');
    expect(files.map(({ path }) => path)).toContain('import.json');
    expect(meta.imported).toMatchObject({ format: 'pytorch', matched: 64, missing: 0, licence: 'MIT' });
    const other = { ...output, recognizer: { ...recognizer, network: { ...recognizer.network, embedding: 9 } } };
    await expect(run(script, { outputs: { model: other } })).rejects.toMatchObject({ code: 'WeightsMismatch' });
    await expect(run('pass', { outputs: { model: output } })).rejects.toMatchObject({ code: 'OutputMissing' });
  }, 60_000);

  it('must say the order of a recognizer’s colours', () => {
    const params = {
      command: ['a'],
      content: `sha256:${'0'.repeat(64)}`,
      outputs: { w: { type: 'weights', path: 'w' } },
    };
    expect(loadStageSchemas().get('command/run')?.validateAction(structuredClone(params))).toBe(false);
    const told = { ...params, outputs: { w: { ...params.outputs.w, recognizer: { channels: 'rgb' } } } };
    expect(loadStageSchemas().get('command/run')?.validateAction(structuredClone(told))).toBe(true);
  });

  it('may be any files, programs among them', async () => {
    const context = contextOf();
    const { made } = await run(
      `${put('o/a/b.txt')}${put('o/run.sh')}os.chmod("o/run.sh", 0o755)`,
      { outputs: { made: { type: 'files', path: 'o' } } },
      context,
    );
    expect(await filesOf(made, context)).toEqual({ 'a/b.txt': 'x', 'run.sh': 'x' });
    expect((await context.store.getArtifact(made as ArtifactRef)).meta).toEqual({ executable: ['run.sh'] });
  });

  it.each<[string, string, Json, string]>([
    ['is not there', 'pass', { type: 'files', path: 'o' }, 'OutputMissing'],
    ['is an empty folder', 'import os\nos.mkdir("o")', { type: 'files', path: 'o' }, 'OutputMissing'],
    ['is a link', 'import os\nos.symlink("/etc/passwd", "o")', { type: 'files', path: 'o' }, 'OutputInvalid'],
    ['holds a link', `${put('o/a')}os.symlink("/etc", "o/b")`, { type: 'files', path: 'o' }, 'OutputInvalid'],
    ['is a pipe', 'import os\nos.mkfifo("o")', { type: 'files', path: 'o' }, 'OutputInvalid'],
    ['lies outside', 'pass', { type: 'files', path: '../tmp' }, 'PathOutside'],
    ['is the whole folder', 'pass', { type: 'files', path: '.' }, 'PathOutside'],
    ['is huge', 'open("o", "wb").truncate(65 * 2**20)', { type: 'files', path: 'o' }, 'OutputInvalid'],
    ['is no JSON', put('out.json'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    ['is no number', leave('{"a": "b"}'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    ['is not finite', leave('{"a": float("nan")}'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    ['is a list', leave('[1]'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    ['holds nothing', leave('{}'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    ['has a name that deceives', leave('{"a\\u202e": 1}'), { type: 'metrics', path: 'out.json' }, 'OutputInvalid'],
    [
      'are too many numbers',
      leave('{f"a{i}": i for i in range(2000)}'),
      { type: 'metrics', path: 'out.json' },
      'OutputInvalid',
    ],
    ['is no image', put('o/ann/1.png'), { type: 'dataset', path: 'o' }, 'BadImages'],
    ['are files, not images', put('o/a.txt'), { type: 'dataset', path: 'o' }, 'FormatUnknown'],
  ])('is refused where it %s', async (_, script, output, error) => {
    await expect(run(script, { outputs: { o: output } })).rejects.toMatchObject({ code: error, retryable: false });
  });
});

describe('a program that does not end well', () => {
  it('is shown by its last lines, without its secrets', async () => {
    process.env.SECRET_TOKEN = 'hush-hush';
    const script =
      'import os, sys\nfor i in range(100): print(i)\nprint(os.environ["SECRET_TOKEN"], file=sys.stderr)\nsys.exit(3)';
    const failed = run(script, { secrets: ['SECRET_TOKEN'] });
    await expect(failed).rejects.toMatchObject({ code: 'ProgramFailed', retryable: false });
    await expect(failed).rejects.toThrow(/exit status 3; it last printed:\n(.|\n)*\n99\n\*\*\*$/);
    delete process.env.SECRET_TOKEN;
  });

  it('is started again where it was killed', async () => {
    await expect(run('import os\nos.kill(os.getpid(), 9)')).rejects.toMatchObject({
      code: 'ProgramKilled',
      retryable: true,
    });
  });

  it('is stopped where it takes too long', async () => {
    const failed = run('import time\nprint("up")\ntime.sleep(60)', { timeoutSeconds: 1, graceSeconds: 0 });
    await expect(failed).rejects.toMatchObject({ code: 'ProgramTimeout', retryable: false });
  });

  it.skipIf(!smallDisk)(
    'may fill the disk: it fails with its own words, and the disk is as empty as before',
    async () => {
      const small = join(folder, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
      const scratch = process.env.CEMIFLOW_SCRATCH;
      process.env.CEMIFLOW_SCRATCH = join(small, 'scratch');
      try {
        const failed = run('with open("big", "wb") as file:\n  while True: file.write(bytes(2**20))');
        await expect(failed).rejects.toMatchObject({ code: 'ProgramFailed', message: /No space left on device/ });
        const { bavail, blocks } = statfsSync(small);
        expect(bavail / blocks).toBeGreaterThan(0.9);
        expect(await run('print(open("out.json", "w").write("{\\"a\\": 1}"))')).toHaveProperty('numbers');
      } finally {
        process.env.CEMIFLOW_SCRATCH = scratch;
        execFileSync('umount', [small]);
      }
    },
  );

  it('is stopped where it takes too much memory, and told how many threads it may have', async () => {
    const failed = run('import time\nheld = b"x" * 100 * 2**20\ntime.sleep(60)', { memoryMiB: 50 });
    await expect(failed).rejects.toMatchObject({ code: 'ProgramTooLarge', retryable: false, message: /50 MiB/ });
    const script = 'import json, os\njson.dump({"threads": int(os.environ["OMP_NUM_THREADS"])}, open("out.json", "w"))';
    const context = contextOf();
    const { numbers } = await run(script, { threads: 3 }, context);
    expect(JSON.parse((await filesOf(numbers, context))['metrics.json'] ?? '').values).toEqual({ threads: 3 });
    const own = await run(script, { threads: 3, env: { OMP_NUM_THREADS: '5' } }, context);
    expect(JSON.parse((await filesOf(own.numbers, context))['metrics.json'] ?? '').values).toEqual({ threads: 5 });
  });

  it('is told where there is none', async () => {
    await expect(run('', { command: ['no-such-program'] })).rejects.toMatchObject({ code: 'ProgramNotFound' });
  });

  it('makes nothing once its run is cancelled, however it ends', async () => {
    const stop = new AbortController();
    const context = contextOf({
      signal: stop.signal,
      progress: async ({ step }) => {
        if (step === 1) stop.abort();
        if (stop.signal.aborted) throw new Error('cancelled');
      },
    });
    const script = `import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n${leave('{"a": 1}')}print("::cemiflow progress step=1", flush=True)\ntime.sleep(60)`;
    await expect(run(script, {}, context)).rejects.toThrow('cancelled');
  });
});

describe('checkpoints', () => {
  /** Keeps what is saved in memory. */
  const keeping = (): StageCheckpoints & { saved: Checkpoint[]; readonly reached: number[] } => {
    const kept = { saved: [] as Checkpoint[], reached: [] as number[] };
    return {
      ...kept,
      resume: async () => kept.saved.at(-1),
      due: (step) => kept.reached.push(step) < 0,
      save: (checkpoint) => void kept.saved.push(checkpoint),
      settled: async () => {},
      keep: async (_, make) => make(),
    };
  };

  it('bring the next attempt to where the last one was, files of any length', async () => {
    const checkpoints = keeping();
    const script = `
import os, sys, time
done = len(open("c/state/n").read()) if os.path.exists("c/state/n") else 0
assert done == 0 or os.path.getsize("c/empty") == 0
for i in range(done, 7):
    os.makedirs("c/state", exist_ok=True)
    open("c/empty", "w").close()
    open("c/state/n.part", "w").write("x" * (i + 1))
    os.rename("c/state/n.part", "c/state/n")
    print(f"::cemiflow progress step={i + 1} steps=7", flush=True)
    print("::cemiflow checkpoint", flush=True)
    time.sleep(0.8)
    if i == 2 and done == 0: os.kill(os.getpid(), 9)
import json
json.dump({"began": done}, open("out.json", "w"))`;
    const context = contextOf({ checkpoints });
    await expect(run(script, { checkpoint: 'c' }, context)).rejects.toMatchObject({ code: 'ProgramKilled' });
    expect(checkpoints.saved.map(({ step }) => step)).toEqual([1, 2, 3]);
    const { numbers } = await run(script, { checkpoint: 'c' }, context);
    const { values } = JSON.parse((await filesOf(numbers, context))['metrics.json'] ?? '') as { values: JsonObject };
    expect(values).toEqual({ began: 3 });
    expect(checkpoints.saved.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('are taken only where the program asks, and are whole: not while it writes', async () => {
    const checkpoints = keeping();
    const script = `
import os, time, json
os.mkdir("c")
end = time.time() + 1
with open("c/growing", "wb", buffering=0) as file:
    # So large that it grows while it is read, however fast the machine is.
    file.truncate(100 * 2**20)
    file.seek(0, 2)
    print("::cemiflow checkpoint", flush=True)
    while time.time() < end: file.write(b"x")
json.dump({"a": 1}, open("out.json", "w"))`;
    await run(script, { checkpoint: 'c' }, contextOf({ checkpoints }));
    expect(checkpoints.saved).toEqual([]);
    await run(`${put('c/a')}${leave('{"a": 1}')}`, { checkpoint: 'c' }, contextOf({ checkpoints }));
    expect(checkpoints.saved).toEqual([]);
    expect(existsSync(join(code, 'c'))).toBe(false);
  });
});
