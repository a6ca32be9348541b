import { createHmac, hash } from 'node:crypto';

export interface Unsigned {
  readonly method: string;
  /** With the query, escaped; the query's names in order, each with `=`. */
  readonly path: string;
  /** Names in lower case; with `host`, `x-amz-date` and `x-amz-content-sha256`. */
  readonly headers: { readonly [name: string]: string };
}

/** @returns the value of the `authorization` header */
export type Signer = (request: Unsigned) => string;

/** Proxies and HTTP libraries change these. */
const leftOut = new Set(['authorization', 'content-length', 'content-type', 'user-agent']);

/**
 * Signs requests to S3 (AWS Signature Version 4, "Authenticating Requests: Using the Authorization Header"). The key of a
 * day is derived once: a look-up of 1,000 actions asks thousands of small questions.
 */
export const signerFor = (account: {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}): Signer => {
  const { accessKey, secretKey, region } = account;
  let keyDay = '';
  let key: Buffer;
  const keyOf = (day: string): Buffer => {
    if (day !== keyDay) key = [day, region, 's3', 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretKey}`));
    keyDay = day;
    return key;
  };
  return ({ method, path, headers }) => {
    const names = Object.keys(headers)
      .filter((name) => !leftOut.has(name))
      .sort();
    const [resource, query = ''] = path.split('?');
    const lines = names.map((name) => `${name}:${(headers[name] as string).trim().replace(/ +/g, ' ')}\n`);
    const signed = names.join(';');
    const canonical = [method, resource, query, lines.join(''), signed, headers['x-amz-content-sha256']].join('\n');
    const date = headers['x-amz-date'] as string;
    const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
    const digest = hash('sha256', canonical, 'hex');
    const signature = hmac(keyOf(date.slice(0, 8)), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`).toString('hex');
    return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  };
};

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
