import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { CemiflowError } from '../core/errors.ts';

export type PortName = 'temporal' | 'temporalUi' | 'minio' | 'minioConsole';
export type Ports = { readonly [name in PortName]: number };
export const portNames: readonly PortName[] = ['temporal', 'temporalUi', 'minio', 'minioConsole'];

/** Below the ports that kernels hand to outgoing connections, so that a remembered port stays ours. */
const first = 20_000;
const last = 32_000;

/** Whether nothing listens on the port of the loopback address. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * Ports for the embedded servers: the remembered ones where they are still free, new ones otherwise.
 *
 * @param onMoved called for each remembered port that another program has taken
 */
export const choosePorts = async (
  remembered: Partial<Ports>,
  onMoved: (name: PortName, from: number, to: number) => void = () => {},
): Promise<Ports> => {
  const chosen: Partial<Record<PortName, number>> = {};
  for (const name of portNames) {
    const before = remembered[name];
    if (before !== undefined && (await isFree(before))) {
      chosen[name] = before;
      continue;
    }
    const port = await freePort(Object.values(chosen));
    chosen[name] = port;
    if (before !== undefined) onMoved(name, before, port);
  }
  return chosen as Ports;
};

const freePort = async (taken: readonly number[]): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(first, last);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new CemiflowError('NoFreePort', `no free port found between ${first} and ${last} on 127.0.0.1`, {
    remedy: 'stop programs that listen there',
    data: { first, last },
    retryable: true,
  });
};
