import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The project's root: where `worker.ts` and `node_modules` are. */
export const projectDir = join(import.meta.dirname, '..');

/** Everything that lies in a state folder (`CEMIFLOW_HOME`, or `.cemiflow` in the project). */
export interface Paths {
  readonly home: string;
  /** Ports, chosen once. */
  readonly services: string;
  /** Generated secrets, mode 0600. */
  readonly credentials: string;
  /** What the supervisor was started with, mode 0600. */
  readonly config: string;
  readonly status: string;
  readonly lock: string;
  readonly socket: string;
  readonly pids: string;
  readonly logs: string;
  readonly temporalDb: string;
  readonly minioData: string;
}

/** A unix socket's path may have at most 107 bytes on Linux. */
const maxSocketPathBytes = 107;

export const pathsOf = (folder: string): Paths => {
  const home = resolve(folder);
  return {
    home,
    services: join(home, 'services.json'),
    credentials: join(home, 'credentials.json'),
    config: join(home, 'supervisor.json'),
    status: join(home, 'status.json'),
    lock: join(home, 'services.lock'),
    socket: socketPath(home),
    pids: join(home, 'pids'),
    logs: join(home, 'logs'),
    temporalDb: join(home, 'temporal.db'),
    minioData: join(home, 'minio'),
  };
};

const socketPath = (home: string): string => {
  const inside = join(home, 'control', 'socket');
  if (Buffer.byteLength(inside) <= maxSocketPathBytes) return inside;
  const name = createHash('sha256').update(home).digest('hex').slice(0, 24);
  return join(tmpdir(), `cemiflow-${process.getuid?.() ?? 0}-${name}`, 'socket');
};
