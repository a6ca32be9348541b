import { CemiflowError } from '../core/errors.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { readJson } from './files.ts';
import { pathsOf } from './paths.ts';
import type { Ports } from './ports.ts';
import type { Endpoints, Env, S3Endpoint, TemporalEndpoint } from './types.ts';

/** Which servers are ours to run: those that the environment does not name. */
export const embeddedServers = (env: Env): { temporal: boolean; minio: boolean } => ({
  temporal: !env.TEMPORAL_ADDRESS,
  minio: !env.S3_ENDPOINT,
});

/** Endpoints from the environment, and from ports and credentials of the embedded servers for what it does not name. */
export const endpointsFrom = (env: Env, ports?: Ports, credentials?: Credentials): Endpoints => {
  const ours = embeddedServers(env);
  return {
    temporal: temporalEndpoint(env, ports),
    s3: s3Endpoint(env, ports, credentials),
    embedded: ours.temporal || ours.minio,
  };
};

/** Where the servers are, as far as known without asking them. @throws CemiflowError `ServicesNotUp` */
export const resolveEndpoints = ({ home, env }: { home: string; env: Env }): Endpoints => {
  const paths = pathsOf(home);
  return endpointsFrom(env, readJson<{ ports: Ports }>(paths.services)?.ports, readCredentials(paths.credentials));
};

const temporalEndpoint = (env: Env, ports?: Ports): TemporalEndpoint => {
  const namespace = env.TEMPORAL_NAMESPACE || 'default';
  if (env.TEMPORAL_ADDRESS) return { address: env.TEMPORAL_ADDRESS, namespace };
  if (ports === undefined) throw notUp('Temporal');
  return { address: `127.0.0.1:${ports.temporal}`, namespace, ui: `http://127.0.0.1:${ports.temporalUi}` };
};

const s3Endpoint = (env: Env, ports?: Ports, credentials?: Credentials): S3Endpoint => {
  const bucket = env.S3_BUCKET || 'cemiflow';
  const region = env.S3_REGION || 'us-east-1';
  if (!env.S3_ENDPOINT) {
    if (ports === undefined || credentials === undefined) throw notUp('MinIO');
    const { accessKey, secretKey } = credentials;
    const endpoint = `http://127.0.0.1:${ports.minio}`;
    return { endpoint, accessKey, secretKey, bucket, region, console: `http://127.0.0.1:${ports.minioConsole}` };
  }
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = env;
  if (!accessKey || !secretKey)
    throw new CemiflowError(
      'CredentialsMissing',
      `S3_ENDPOINT is ${env.S3_ENDPOINT}, but its credentials are not set`,
      {
        remedy: 'set S3_ACCESS_KEY and S3_SECRET_KEY',
        data: { endpoint: env.S3_ENDPOINT },
      },
    );
  const endpoint = /^https?:\/\//.test(env.S3_ENDPOINT) ? env.S3_ENDPOINT : `http://${env.S3_ENDPOINT}`;
  return { endpoint: endpoint.replace(/\/+$/, ''), accessKey, secretKey, bucket, region };
};

/** The store that the environment names, which nobody needs to start; undefined where it names none. */
export const namedStore = (env: Env): S3Endpoint | undefined => (env.S3_ENDPOINT ? s3Endpoint(env) : undefined);

const notUp = (server: string): CemiflowError =>
  new CemiflowError('ServicesNotUp', `the embedded ${server} has never been started here`, {
    remedy: 'run "cemiflow up", or name an existing server by TEMPORAL_ADDRESS / S3_ENDPOINT',
    data: { server },
  });
