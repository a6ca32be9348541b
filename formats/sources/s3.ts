import { Client } from 'minio';
import { CemiflowError } from '../../core/errors.ts';
import type { Source, SourceFile } from '../source.ts';

/** A file of an object store; `tag` changes whenever its content does. */
export interface TaggedFile extends SourceFile {
  readonly tag: string;
}

/** Objects under an address of an object store. */
export interface S3Source extends Source {
  readonly files: readonly TaggedFile[];
}

/** `s3://bucket/prefix` */
export const isS3Address = (path: string): boolean => path.startsWith('s3://');

/** Environment variables that say where the store is and who asks, as the AWS command line has them. */
type Env = { readonly [name: string]: string | undefined };

/**
 * Opens an object, or all objects under a prefix.
 *
 * @param env `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` (default Amazon's), `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
 *   `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`; without keys the store is asked anonymously
 * @throws CemiflowError `FolderNotFound`, `AddressInvalid`, `SourceUnreachable`
 */
export const openS3 = async (address: string, env: Env = process.env): Promise<S3Source> => {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined)
    throw new CemiflowError('AddressInvalid', `${address} must be an address like s3://bucket/folder`, {
      remedy: 'write the name of the bucket in small letters, then a slash and the path in it',
      data: { address },
    });
  const client = connect(env);
  const prefix = rest.replace(/\/+$/, '');
  const files = await reach(address, () => list(client, bucket, prefix));
  if (files.length === 0)
    throw new CemiflowError('FolderNotFound', `there is nothing at ${address}`, {
      remedy: 'give the address of an object or of a folder of objects',
      data: { path: address },
    });
  const isFile = files.length === 1 && files[0]?.key === prefix;
  const base = isFile ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : prefix && `${prefix}/`;
  const named = files.map(({ key, bytes, tag }) => ({ path: key.slice(base.length), bytes, tag }));
  return {
    name: address,
    isFile,
    files: named.sort((a, b) => (a.path < b.path ? -1 : 1)),
    read: (file, from, length) => reach(address, () => readPart(client, bucket, base + file.path, from, length)),
  };
};

const connect = (env: Env): Client => {
  const endpoint = new URL(env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || 'https://s3.amazonaws.com');
  return new Client({
    endPoint: endpoint.hostname,
    useSSL: endpoint.protocol === 'https:',
    ...(endpoint.port !== '' && { port: Number(endpoint.port) }),
    ...(env.AWS_REGION && { region: env.AWS_REGION }),
    accessKey: env.AWS_ACCESS_KEY_ID ?? '',
    secretKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
  });
};

interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly tag: string;
}

/** The object of that name alone, or all objects below it. */
const list = async (client: Client, bucket: string, prefix: string): Promise<Listed[]> => {
  const found: Listed[] = [];
  for await (const object of client.listObjectsV2(bucket, prefix, true)) {
    const { name: key, size: bytes, etag: tag } = object as { name?: string; size: number; etag: string };
    if (key === undefined || key.endsWith('/')) continue;
    if (key === prefix) return [{ key, bytes, tag }];
    if (prefix === '' || key.startsWith(`${prefix}/`)) found.push({ key, bytes, tag });
  }
  return found;
};

const readPart = async (client: Client, bucket: string, key: string, from: number, length: number): Promise<Buffer> => {
  if (length === 0) return Buffer.alloc(0);
  const pieces: Buffer[] = [];
  for await (const piece of await client.getPartialObject(bucket, key, from, length)) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  if (bytes.length === length) return bytes;
  throw new CemiflowError('SourceChanged', `${key} gave ${bytes.length} of ${length} bytes from byte ${from} on`, {
    remedy: 'do not change the files while they are read, and start the run again',
    data: { key, from, length },
  });
};

const reach = async <T>(address: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof CemiflowError) throw cause;
    const { code, message } = cause as { code?: string; message: string };
    const refused = ['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'NoSuchBucket'].includes(
      code ?? '',
    );
    throw new CemiflowError('SourceUnreachable', `${address} cannot be read: ${code ?? ''} ${message}`, {
      remedy:
        'check the address, and AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where the command and its workers run',
      data: { address, code: code ?? null },
      cause,
      retryable: !refused,
    });
  }
};
