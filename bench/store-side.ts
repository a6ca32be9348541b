import { createHash, randomFillSync } from 'node:crypto';
import { Client } from 'minio';
import { mapBounded } from '../core/bounded.ts';
import { contentKey } from '../store/blobs.ts';
import { openStore, type S3Config } from '../store/index.ts';
import { serve, timed } from './serve.ts';

interface Request {
  readonly work: 'put' | 'get';
  readonly blobs: number;
  readonly blobBytes: number;
  readonly lanes: number;
  readonly s3: S3Config;
}

/** How a side writes and reads a blob. What `put` returns is its name for `get` and `remove`. */
interface Blobs {
  put(bytes: Buffer): Promise<string>;
  get(name: string): Promise<unknown>;
  remove(name: string): Promise<void>;
}

const ours = async (s3: S3Config): Promise<Blobs> => {
  const store = await openStore(s3);
  return {
    put: async (bytes) => (await store.putFile('blob', bytes, 'application/octet-stream')).digest,
    get: (digest) => store.getBlob(digest as `sha256:${string}`),
    remove: (digest) => store.objects.remove(contentKey('blobs', digest as `sha256:${string}`)),
  };
};

const minioClient = async ({ endpoint, accessKey, secretKey, bucket, region }: S3Config): Promise<Blobs> => {
  const { hostname, port } = new URL(endpoint);
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, region });
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket);
  let count = 0;
  return {
    put: async (bytes) => {
      const name = `plain-${process.pid}-${count++}`;
      await client.putObject(bucket, name, bytes, bytes.length);
      return name;
    },
    get: async (name) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await client.getObject(bucket, name)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    remove: (name) => client.removeObject(bucket, name),
  };
};

/** Only hashes, and keeps what it is given where the others send it. */
const sha256 = async (): Promise<Blobs> => {
  const kept = new Map<string, Buffer>();
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  return {
    put: async (bytes) => {
      const name = digest(bytes);
      kept.set(name, bytes);
      return name;
    },
    get: async (name) => digest(kept.get(name) as Buffer),
    remove: async (name) => void kept.delete(name),
  };
};

const sides: { [name: string]: (s3: S3Config) => Promise<Blobs> } = { cemiflow: ours, 'minio-js': minioClient, sha256 };
const open = sides[process.argv[2] ?? ''];
if (!open) throw new RangeError(`name a side: ${Object.keys(sides).join(', ')}`);

let blobs: Blobs | undefined;
let buffers: Buffer[] = [];
let stamp = Date.now() * 1000;

/** One repetition: only the writing or the reading is timed, and what was written is removed. */
await serve({ node: process.version, openssl: process.versions.openssl ?? '' }, async (message) => {
  const request = message as unknown as Request;
  blobs ??= await open(request.s3);
  const { put, get, remove } = blobs;
  if (buffers.length === 0)
    buffers = Array.from({ length: request.blobs }, () => randomFillSync(Buffer.alloc(request.blobBytes)));
  // Never the same bytes twice: a store under digests would find them there.
  for (const buffer of buffers) buffer.writeDoubleLE(stamp++);
  let names: string[] = [];
  const putting = await timed(async () => {
    names = await mapBounded(buffers, request.lanes, put);
  });
  const getting = request.work === 'get' ? await timed(() => mapBounded(names, request.lanes, get)) : 0;
  await mapBounded(names, request.lanes, remove);
  return request.work === 'get' ? getting : putting;
});
