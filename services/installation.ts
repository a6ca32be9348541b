import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { addonDir, addonInstalled } from '../setup/addon.mjs';
import { cacheDir } from '../setup/cache-dir.mjs';
import { readStamp } from '../setup/entry.mjs';
import { type KernelsState, kernelsState } from '../setup/kernels.mjs';
import { type Tool, tensorflowDir, toolDir, toolPath, versions } from '../setup/layout.mjs';
import { freeBytes, nodeTrouble } from '../setup/requirements.mjs';
import { tensorflowVariant } from '../setup/tensorflow.mjs';
import { projectDir } from './paths.ts';
import type { Env } from './types.ts';

/** A server's program in the cache. */
export interface InstalledTool {
  /** The pinned version. */
  readonly version: string;
  /** Whether it is there and starts. */
  readonly works: boolean;
  /** The existing server that the environment names in its place. */
  readonly instead?: string;
}

/** What set-up has put on this machine. Paths in the cache are relative to it. */
export interface Installation {
  readonly node: { readonly version: string; readonly trouble?: string };
  readonly cache: string;
  readonly tensorflow: {
    /** Which build this machine is to have. */
    readonly variant: 'cpu' | 'gpu';
    readonly version: string;
    readonly folder: string;
    /** Digests of its libraries when they were installed, by path in the folder; absent where it is not complete. */
    readonly digests?: { readonly [path: string]: string };
  };
  readonly addon: { readonly folder: string; readonly installed: boolean };
  /** Our own kernels for this processor; `refused` where the environment asks for TensorFlow's. */
  readonly kernels: KernelsState & { readonly refused: boolean };
  readonly tools: { readonly [tool in Tool]: InstalledTool };
  /** Bytes; infinite when they are not known. */
  readonly free: { readonly cache: number; readonly home: number };
}

/** Looks at what is installed, and starts the servers' programs to ask for their versions; changes nothing. */
export const inspectInstallation = async ({ home, env }: { home: string; env: Env }): Promise<Installation> => {
  const variant = await tensorflowVariant(env);
  const tensorflow = tensorflowDir(env, variant);
  const stamp = readStamp(tensorflow);
  const [temporal, minio] = await Promise.all([
    toolState('temporal', env, env.TEMPORAL_ADDRESS),
    toolState('minio', env, env.S3_ENDPOINT),
  ]);
  return {
    node: { version: process.version, trouble: nodeTrouble(process.version, versions.node) },
    cache: cacheDir(env),
    tensorflow: {
      ...{ variant, version: versions.tensorflow.version, folder: basename(tensorflow) },
      digests: stamp && Object.fromEntries(Object.entries(stamp.files).map(([path, { digest }]) => [path, digest])),
    },
    addon: {
      folder: basename(addonDir(env, projectDir, variant)),
      installed: addonInstalled(env, projectDir, variant),
    },
    kernels: { ...kernelsState(env, projectDir, variant), refused: env.CEMIFLOW_KERNELS === 'composed' },
    tools: { temporal, minio },
    free: { cache: freeBytes(nearest(cacheDir(env))), home: freeBytes(nearest(home)) },
  };
};

const toolState = async (tool: Tool, env: Env, instead: string | undefined): Promise<InstalledTool> => ({
  version: versions[tool].version,
  works: readStamp(toolDir(env, tool)) !== undefined && (await starts(toolPath(env, tool))),
  instead: instead || undefined,
});

const startTimeoutMs = 20_000;
const starts = (file: string): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: startTimeoutMs }, (error) => resolve(!error));
  });

/** The folder itself, or the first one above it that is there. */
const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));
