import type { Client } from '@temporalio/client';
import { CemiflowError } from '../core/errors.ts';
import { directly, namedStore, resolveEndpoints, runningEndpoints, up } from '../services/index.ts';
import type { Endpoints } from '../services/types.ts';
import { openStore, type S3Config, type Store } from '../store/index.ts';
import type { Session } from './session.ts';

/** Starts what is not up, and says so. */
export const ensureServices = (session: Session): Promise<Endpoints> =>
  up({ home: session.home, env: session.env, onEvent: ({ message }) => session.note(message) });

/** The store, with the services that it needs. Where they run, Temporal and its client are left alone. */
export const connectStore = async (session: Session): Promise<Store> => (await connectPlace(session)).store;

/** The same, and where it lies: for programs that open it themselves. */
export const connectPlace = async (session: Session): Promise<{ readonly store: Store; readonly place: S3Config }> => {
  const named = namedStore(session.env);
  if (named) return { store: await openStore(named), place: named };
  const running = await runningEndpoints(session);
  const store = running && (await openStore(running.s3).catch(() => undefined));
  if (store) return { store, place: running.s3 };
  const { s3 } = await ensureServices(session);
  return { store: await openStore(s3), place: s3 };
};

/** The servers as they are known; starts nothing. */
export const knownEndpoints = ({ home, env }: Session): Endpoints => resolveEndpoints({ home, env });

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
