import { CemiflowError } from '../core/errors.ts';

/** Where a bucket is, who reads it, and how patient its client is. */
export interface S3Config {
  /** `http://127.0.0.1:9000` or `https://…`; objects are addressed as `/bucket/key`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly region?: string;
  /** How long a request may stand still; 20 s by default. */
  readonly idleMs?: number;
  /** How long a call may take with all its attempts; 120 s by default. */
  readonly deadlineMs?: number;
  /** Attempts for each call; 5 by default. */
  readonly attempts?: number;
  /** Wait before the second attempt, doubled each time; 200 ms by default. */
  readonly backoffMs?: number;
  /** Keys in one answer to a listing; 1,000 by default. */
  readonly pageSize?: number;
}

/** @throws CemiflowError `StoreEndpointInvalid` */
export const parseEndpoint = (endpoint: string): URL => {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url;
  throw new CemiflowError('StoreEndpointInvalid', `the store's endpoint must be http(s)://host:port, got ${endpoint}`, {
    remedy: 'write it as http://127.0.0.1:9000, without path, query or credentials',
  });
};
