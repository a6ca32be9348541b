import { accessSync, constants } from 'node:fs';
import { CemiflowError } from '../core/errors.ts';
import { type Tool, toolPath } from '../setup/layout.mjs';
import type { Env } from './types.ts';

const purpose = { temporal: 'the embedded Temporal server', minio: 'the embedded object store' };
const variable = { temporal: 'TEMPORAL_ADDRESS', minio: 'S3_ENDPOINT' };

/** Path of a server that set-up put into the cache. @throws CemiflowError `SetUpNeeded` */
export const binaryOf = (tool: Tool, env: Env): string => {
  const path = toolPath(env, tool);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new CemiflowError('SetUpNeeded', `${purpose[tool]} needs ${path}, which is not there`, {
      remedy: `run "node setup.mjs", or name an existing server by ${variable[tool]}`,
      data: { tool, path },
      cause,
    });
  }
};
