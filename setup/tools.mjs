import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEntry, readStamp } from './entry.mjs';
import { toolDir, versions } from './layout.mjs';
import { run } from './run.mjs';

export const toolReady = (env, tool) => readStamp(toolDir(env, tool)) !== undefined;

/** Builds a Go program of a pinned version into the cache. */
export const buildTool = (env, tool, log) =>
  ensureEntry(toolDir(env, tool), async (dir) => {
    const { module, version } = versions[tool];
    // GOBIN is where the binary goes; GOOS and GOARCH of another platform would forbid it.
    const { GOOS: _os, GOARCH: _arch, ...rest } = env;
    await run('go', ['install', `${module}@${version}`], { env: { ...rest, GOBIN: dir }, cwd: dir, log });
    chmodSync(join(dir, tool), 0o755);
    return { files: [tool], facts: { module, version } };
  });
