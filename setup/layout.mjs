import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache-dir.mjs';

/** Every pinned version that npm does not pin, from `versions.json`. */
export const versions = JSON.parse(readFileSync(new URL('../versions.json', import.meta.url), 'utf8'));

/** Folder of one Go tool in the cache, `temporal` or `minio`; its binary has the tool's name. */
export const toolDir = (env, tool) => join(cacheDir(env), `${tool}-${versions[tool].version}`);
export const toolPath = (env, tool) => join(toolDir(env, tool), tool);

/** Folder with `lib/` and `include/` of TensorFlow; `variant` is `cpu` or `gpu`. */
export const tensorflowDir = (env, variant) =>
  join(cacheDir(env), `tensorflow-${variant}-${versions.tensorflow.version}`);
