import { type ServicesStatus, status, down as stopServices } from '../services/index.ts';
import type { Endpoints, S3Endpoint, TemporalEndpoint } from '../services/types.ts';
import type { Caller } from './caller.ts';
import { ensureServices } from './connect.ts';

/** The servers' addresses, without credentials. */
export interface Addresses {
  readonly temporal: TemporalEndpoint;
  readonly s3: Pick<S3Endpoint, 'endpoint' | 'bucket' | 'region' | 'console'>;
}

/** Starts Temporal and the object store, where the environment names no others. */
export const up = async (caller: Caller): Promise<Addresses> => withoutSecrets(await ensureServices(caller));

/** Stops workers and embedded servers; runs continue once they are attached to. @returns whether anything was running */
export const down = async ({ home }: Pick<Caller, 'home'>): Promise<boolean> => (await stopServices({ home })).stopped;

/** What runs and what answers. */
export type Services = Omit<ServicesStatus, 'endpoints'> & { readonly endpoints?: Addresses };

/** Asks the supervisor and the servers; starts nothing. */
export const servicesStatus = async ({ home, env }: Pick<Caller, 'home' | 'env'>): Promise<Services> => {
  const { endpoints, ...found } = await status({ home, env });
  return { ...found, ...(endpoints && { endpoints: withoutSecrets(endpoints) }) };
};

const withoutSecrets = ({ temporal, s3 }: Endpoints): Addresses => ({
  temporal,
  s3: { endpoint: s3.endpoint, bucket: s3.bucket, region: s3.region, console: s3.console },
});
