import { CemiflowError } from '../core/errors.ts';

/** What a server answered with a status that the call did not expect. */
export interface Refusal {
  readonly what: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly status: number;
  /** S3's error code, such as `NoSuchBucket`; empty where the answer had none. */
  readonly code: string;
  readonly message: string;
}

const denied = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'AccessDenied',
  'ExpiredToken',
  'InvalidTokenId',
]);
const full = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded']);

/** The typed error for an answer. Only trouble that may pass by itself is retryable. */
export const refusalError = (refusal: Refusal): CemiflowError => {
  const { what, endpoint, bucket, status, code, message } = refusal;
  const found = `${status} ${code}${message && `: ${message}`}`.trim();
  const data = { endpoint, bucket, status, s3Code: code };
  const error = (name: string, remedy: string, retryable = false): CemiflowError =>
    new CemiflowError(name, `${what}: ${endpoint} answered ${found}`, { remedy, data, retryable });
  if (code === 'NoSuchBucket') {
    return error('BucketMissing', `create the bucket ${bucket}, or name the right one in the store's configuration`);
  }
  if (code === 'RequestTimeTooSkewed')
    return error('StoreDenied', "set this machine's clock: it differs from the store's");
  if (denied.has(code) || status === 401 || status === 403) {
    return error('StoreDenied', `check the store's access key and secret, and that they may use the bucket ${bucket}`);
  }
  if (full.has(code) || status === 507)
    return error('StoreFull', 'free space on the disks of the store, then retry', true);
  if (isTransient(status))
    return error('StoreUnavailable', "look at the store's log; the call can be made again", true);
  return error('StoreRefused', "look at the store's log: it did not take the request as valid");
};

/** Statuses that may pass: overload, restarts, a proxy's upstream, an upload that the server gave up on. */
export const isTransient = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** The typed error for a connection that failed or a deadline that passed. */
export const networkError = (what: string, endpoint: string, cause: unknown): CemiflowError => {
  const { code = '', message = '', name } = cause as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new CemiflowError('StoreTimeout', `${what}: no answer from ${endpoint} in time`, {
      remedy: 'check that the store runs and is not overloaded; the call can be made again',
      data: { endpoint },
      cause,
      retryable: true,
    });
  }
  return new CemiflowError('StoreUnreachable', `${what}: cannot talk to ${endpoint} (${code || message})`, {
    remedy: 'check that the store runs and that its endpoint is right; the call can be made again',
    data: { endpoint, reason: code || message },
    cause,
    retryable: true,
  });
};

/** S3 codes of a server that has too much to do, or is starting. */
const busy = new Set(['SlowDown', 'TooManyRequests', 'ServerBusy', 'XMinioServerNotInitialized']);

/**
 * Whether a read that failed for good may have met damage. A server that finds its own copy damaged breaks off or answers
 * 5xx for ever (MinIO: 503 SlowDownRead), yet serves HEAD: that tells damage
 * from an outage. Nobody who refuses connections has looked at the object.
 */
export const mayBeDamaged = (error: unknown): error is CemiflowError =>
  error instanceof CemiflowError &&
  ['StoreUnavailable', 'StoreUnreachable'].includes(error.code) &&
  !busy.has(`${error.data.s3Code}`) &&
  error.data.reason !== 'ECONNREFUSED';

export const unreadableError = (name: string, endpoint: string, cause: unknown): CemiflowError =>
  new CemiflowError('ObjectUnreadable', `${name} is there, but ${endpoint} cannot read it`, {
    remedy: 'look at the disks of the store; "cemiflow fsck --repair" makes what is damaged again',
    data: { name, endpoint },
    cause,
  });
