import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import { directly, namedStore, resolveEndpoints, runningEndpoints, up } from '../services/index.ts';
import type { Endpoints } from '../services/types.ts';
import type { S3Config, Store } from '../store/index.ts';
import type { Caller } from './caller.ts';

/** Starts the embedded servers that are needed and not up. */
export const ensureServices = ({ home, env, on }: Caller): Promise<Endpoints> =>
  up({ home, env, onEvent: (event) => on({ kind: 'service', event }) });

/** Opens the store, starting its server where it is not up. A running Temporal is not asked. */
export const connectStore = async (caller: Caller): Promise<Store> => (await connectPlace(caller)).store;

/** The same, with its address: for child processes that open the store themselves. */
export const connectPlace = async (caller: Caller): Promise<{ readonly store: Store; readonly place: S3Config }> => {
  // Loaded here, because "cemiflow status" needs no store.
  const { openStore } = await import('../store/index.ts');
  const named = namedStore(caller.env);
  if (named) return { store: await openStore(named), place: named };
  const running = await runningEndpoints(caller);
  const store = running && (await openStore(running.s3).catch(() => undefined));
  if (store) return { store, place: running.s3 };
  const { s3 } = await ensureServices(caller);
  return { store: await openStore(s3), place: s3 };
};

/** Addresses of the servers; starts nothing. @throws CemiflowError `ServicesNotUp` where they have never been started */
export const knownEndpoints = ({ home, env }: Pick<Caller, 'home' | 'env'>): Endpoints =>
  resolveEndpoints({ home, env });

/** Runs `use` with a client of Temporal, and closes the connection. */
export const withClient = async <T>({ temporal }: Endpoints, use: (client: Client) => Promise<T>): Promise<T> => {
  // Loaded here, because most commands need the store alone.
  const { Client, Connection } = await import('@temporalio/client');
  const { address } = temporal;
  const connection = await Connection.connect({ address, connectTimeout: '10s', ...directly(address) }).catch(
    (cause) => {
      throw new CemiflowError('TemporalUnreachable', `Temporal does not answer at ${temporal.address}`, {
        remedy: 'run "cemiflow up", or correct TEMPORAL_ADDRESS',
        data: { address: temporal.address },
        cause,
        retryable: true,
      });
    },
  );
  try {
    return await use(new Client({ connection, namespace: temporal.namespace }));
  } finally {
    await connection.close();
  }
};
