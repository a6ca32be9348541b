import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contained } from '../../foreign/container.ts';
import { type Ended, runProgram } from '../../foreign/program.ts';

const image = `example.org/lab/model@sha256:${'a'.repeat(64)}`;
const options = {
  image,
  folders: ['/w', '/t'],
  env: { SECRET: 'hush', CEMIFLOW_SEED: '7' },
  gpus: 0,
  network: true,
  envFile: '/e',
};

describe('the command of a container', () => {
  it('holds the image by its digest, the folders, and names of variables: no value', () => {
    const { command, env, file } = contained(['python3', 'a.py'], options, {
      CEMIFLOW_CONTAINER_ENGINE: 'podman',
      HOME: '/h',
    });
    expect(command.slice(-3)).toEqual([image, 'python3', 'a.py']);
    expect(command.join(' ')).toContain('--workdir /w --user 0:0 --volume /w:/w --volume /t:/t --env-file /e');
    expect(command.join(' ')).not.toContain('hush');
    expect(env).toEqual({ HOME: '/h' });
    expect(file).toBe('SECRET=hush\nCEMIFLOW_SEED=7\n');
    const two = { ...options, env: { LINES: 'a\nb' } };
    expect(() => contained([], two, { CEMIFLOW_CONTAINER_ENGINE: 'podman' })).toThrow('more than one line');
  });

  it('gives one GPU where one is asked for, and no network in a sandbox', () => {
    const own = { CUDA_VISIBLE_DEVICES: 'GPU-1' };
    const ofDocker = contained(
      [],
      { ...options, gpus: 1, network: false },
      { ...own, CEMIFLOW_CONTAINER_ENGINE: '/x/docker' },
    );
    expect(ofDocker.command.join(' ')).toMatch(/--user \d+:\d+ --network none --gpus device=GPU-1/);
    const ofPodman = contained([], { ...options, gpus: 1 }, { ...own, CEMIFLOW_CONTAINER_ENGINE: 'podman' });
    expect(ofPodman.command.join(' ')).toContain('--device nvidia.com/gpu=GPU-1');
    expect(ofPodman.command.join(' ')).not.toContain('--network');
  });

  it('is missed where there is no engine', () =>
    expect(() => contained([], options, { PATH: '/nowhere' })).toThrow(
      expect.objectContaining({ code: 'ContainerEngineMissing' }),
    ));
});

/** An image of a shell and its libraries, where an engine works here. Engines are set up by their own files: `containers.conf`. */
const folder = mkdtempSync(join(tmpdir(), 'container-'));
const ownImage = ((): string | undefined => {
  const root = join(folder, 'root');
  const put = (path: string, as = path): void => {
    mkdirSync(dirname(join(root, as)), { recursive: true });
    copyFileSync(path, join(root, as));
  };
  try {
    const programs = ['/bin/sh', '/bin/cat', '/bin/sleep'];
    for (const program of programs) {
      put(program);
      for (const [library] of `${execFileSync('ldd', [program])}`.matchAll(/\/\S+/g)) put(library);
    }
    execFileSync('tar', ['-C', root, '-cf', join(folder, 'root.tar'), '.']);
    execFileSync('podman', ['import', '--quiet', join(folder, 'root.tar'), 'localhost/cemiflow-test:1'], {
      stdio: 'pipe',
    });
    const [digest] = JSON.parse(`${execFileSync('podman', ['image', 'inspect', 'localhost/cemiflow-test:1'])}`);
    const name = `localhost/cemiflow-test@${digest.Digest}`;
    const tried = spawnSync('podman', ['run', '--rm', name, '/bin/sh', '-c', 'exit 7']);
    return tried.status === 7 ? name : undefined;
  } catch {
    return undefined;
  }
})();

describe.skipIf(!ownImage)('in a container', () => {
  const work = join(folder, 'work');
  beforeAll(() => mkdirSync(work));
  afterAll(() => {
    spawnSync('podman', ['rmi', '--force', 'localhost/cemiflow-test:1']);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (script: string, more: { readonly signal?: AbortSignal; readonly network?: boolean } = {}) => {
    const envFile = join(folder, 'variables');
    const { command, env, file } = contained(['/bin/sh', '-c', script], {
      envFile,
      ...{ image: ownImage as string, folders: [work], env: { GIVEN: 'seven' }, gpus: 0, network: true, ...more },
    });
    writeFileSync(envFile, file);
    let out = '';
    const ended: Ended = await runProgram({
      ...{ command, cwd: work, env, graceMs: 1000, signal: more.signal ?? new AbortController().signal },
      onOutput: (_, bytes) => {
        out += bytes;
      },
    });
    return { ...ended, out };
  };

  it('a program sees its folder and its variables, and leaves files; of the machine it sees nothing', async () => {
    writeFileSync(join(work, 'in.txt'), 'given\n');
    const { code, out } = await run(
      'cat in.txt; echo "$GIVEN"; cat /etc/hostname /root/.bashrc; echo made > out.txt; exit 3',
    );
    expect([code, out.split('\n').slice(0, 2)]).toEqual([3, ['given', 'seven']]);
    expect(out).toMatch(/\/root\/.bashrc: No such file/);
    expect(readFileSync(join(work, 'out.txt'), 'utf8')).toBe('made\n');
  }, 60_000);

  it('ends with the run, whatever it does', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 2000);
    const { stopped } = await run('trap "" TERM; while true; do sleep 1; done', { signal: stop.signal });
    expect(stopped).toBe('aborted');
    expect(`${execFileSync('podman', ['ps', '--quiet'])}`).toBe('');
  }, 60_000);
});
