import type { Installation, InstalledTool } from '../../services/installation.ts';
import { type Check, failed, formatBytes, ok } from './check.ts';

const setUp = 'run "node setup.mjs"';
/** A generated set, a checkpoint and a server's log need room. */
const leastFreeBytes = 1e9;

/** What set-up has put here, and the room that is left. @param home the state folder */
export const installationChecks = (installation: Installation, home: string): Check[] => {
  const { node, cache, tensorflow, addon, tools, free } = installation;
  const build = `${tensorflow.version}, ${tensorflow.variant === 'gpu' ? 'CUDA' : 'CPU'} build`;
  return [
    node.trouble ? failed('Node', node.version, node.trouble) : ok('Node', node.version),
    tensorflow.digests
      ? ok('TensorFlow', `${build}, ${tensorflow.folder}`)
      : failed('TensorFlow', `${build}, is not in the cache`, setUp),
    addon.installed
      ? ok('addon', addon.folder)
      : failed('addon', `${addon.folder} is not in this checkout's node_modules`, setUp),
    serverCheck('Temporal', tools.temporal, 'TEMPORAL_ADDRESS'),
    serverCheck('MinIO', tools.minio, 'S3_ENDPOINT'),
    spaceCheck('state folder', home, free.home, 'free some space, or set CEMIFLOW_HOME to a folder on a larger disk'),
    spaceCheck('cache', cache, free.cache, 'free some space, or set XDG_CACHE_HOME to a folder on a larger disk'),
  ];
};

const serverCheck = (name: string, { version, works, instead }: InstalledTool, variable: string): Check => {
  if (instead) return ok(name, `${instead}, by ${variable}`);
  if (works) return ok(name, version);
  return failed(name, `${version} is not in the cache, or does not start`, `${setUp}, or name a server by ${variable}`);
};

const spaceCheck = (name: string, folder: string, bytes: number, remedy: string): Check => {
  const found = `${folder}, ${formatBytes(bytes)} free`;
  return bytes < leastFreeBytes ? failed(name, found, remedy) : ok(name, found);
};
