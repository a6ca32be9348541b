import type { Endpoints, Env } from './types.ts';

const serverNames = /^(PATH|HOME|USER|LANG|LC_[A-Z]+|TZ|TMPDIR)$/;
const workerNames =
  /^(PATH|HOME|USER|LANG|LC_[A-Z]+|TZ|TMPDIR|XDG_[A-Z_]+|LD_LIBRARY_PATH|(CUDA|NVIDIA|NCCL|TF|XLA|OMP|MKL|ONEDNN|KMP)_\w+|(TEMPORAL|S3|CEMIFLOW)_\w+|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(http|https|no)_proxy|(HTTP|HTTPS|NO)_PROXY)$/;

const pick = (env: Env, names: RegExp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => names.test(entry[0]) && !!entry[1]),
  );

/** What the embedded servers see of the environment: nothing that could configure them from outside. */
export const serverEnv = (env: Env): Record<string, string> => pick(env, serverNames);

/** What workers see of it: also what TensorFlow, CUDA and certificates need. */
export const workerEnv = (env: Env): Record<string, string> => pick(env, workerNames);

/** The variables by which a process finds the servers: the contract between services and worker. */
export const endpointVariables = (endpoints: Endpoints): Record<string, string> => ({
  TEMPORAL_ADDRESS: endpoints.temporal.address,
  TEMPORAL_NAMESPACE: endpoints.temporal.namespace,
  S3_ENDPOINT: endpoints.s3.endpoint,
  S3_ACCESS_KEY: endpoints.s3.accessKey,
  S3_SECRET_KEY: endpoints.s3.secretKey,
  S3_BUCKET: endpoints.s3.bucket,
  S3_REGION: endpoints.s3.region,
});
