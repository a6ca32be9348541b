import type { JsonObject } from '../core/errors.ts';
import { down, up } from '../services/index.ts';
import type { Benchmark, Context, Side } from './benchmark.ts';
import { ownProgram, processSide } from './process.ts';

const blobs = 16;
const blobBytes = 64 * 2 ** 20;
/** Blobs under way at a time, of our store and of the client alike. */
const lanes = 4;

type Work = 'put' | 'get';

const what = {
  put: `write ${blobs} new blobs of 64 MiB, ${lanes} at a time, to MinIO on this machine; ours under their digests, with checksum and If-None-Match`,
  get: `read ${blobs} blobs of 64 MiB, ${lanes} at a time, from MinIO on this machine; ours rehashed, the client's not`,
} as const;

/** Our store, the plain client and sha256 alone, each in a separate process, with one MinIO. */
const sides = async (work: Work, { env, folder }: Context) => {
  const { s3 } = await up({ home: folder, env, stopWithPid: process.pid });
  const request = { work, blobs, blobBytes, lanes, s3: { ...s3, console: '' } } as JsonObject;
  const side = (name: string): Side => processSide(name, () => ownProgram('store-side.ts', [name]), request);
  const ours = side('cemiflow');
  const close = async (): Promise<void> => {
    await ours.close?.();
    await down({ home: folder });
  };
  return { ours: { ...ours, close }, peers: [side('minio-js'), side('sha256')] };
};

export const benchmarks: readonly Benchmark[] = (['put', 'get'] as const).map((work) => ({
  name: `store/${work}`,
  work: what[work],
  target: 1.5,
  against: 'slowest',
  rounds: 7,
  sides: (context) => sides(work, context),
}));
