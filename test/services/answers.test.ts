import { createServer, type Server } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Answers, temporalAnswers } from '../../services/answers.ts';
import { troubles } from '../../services/probe.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
}, 120_000);
afterAll(() => services.stop());

/** A server that takes requests and never answers. */
const silent = async (server: Server | ReturnType<typeof createServer2>): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('a server on this machine', () => {
  it('is well where it answers for what is ours', async () => {
    const { temporal, s3 } = services.endpoints;
    expect(await temporalAnswers(temporal, 5_000)).toBe(true);
    const { openStore } = await import('../../store/index.ts');
    await openStore(s3);
    expect(await s3Answers(s3, 5_000)).toBe(true);
    expect(await troubles(services.endpoints)).toEqual([]);
  });

  it('is not where the namespace, the key or the bucket is unknown', async () => {
    const { temporal, s3 } = services.endpoints;
    expect(await temporalAnswers({ ...temporal, namespace: 'n'.repeat(200) }, 5_000)).toBe(false);
    expect(await s3Answers({ ...s3, secretKey: 'wrong' }, 5_000)).toBe(false);
    expect(await s3Answers({ ...s3, bucket: 'none' }, 5_000)).toBe(false);
  });

  it('is not where nobody listens, or somebody else does', async () => {
    const { temporal, s3 } = services.endpoints;
    const minio = new URL(s3.endpoint).host;
    expect(await temporalAnswers({ ...temporal, address: '127.0.0.1:1' }, 5_000)).toBe(false);
    expect(await temporalAnswers({ ...temporal, address: minio }, 5_000)).toBe(false);
    expect(await s3Answers({ ...s3, endpoint: 'http://127.0.0.1:1' }, 5_000)).toBe(false);
    expect(await s3Answers({ ...s3, endpoint: `http://${temporal.address}` }, 5_000)).toBe(false);
  });

  it('is not where it does not answer in time', async () => {
    const { temporal, s3 } = services.endpoints;
    const [address, host] = [await silent(createServer2(() => {})), await silent(createServer(() => {}))];
    expect(await temporalAnswers({ ...temporal, address }, 100)).toBe(false);
    expect(await s3Answers({ ...s3, endpoint: `http://${host}` }, 100)).toBe(false);
  });

  it('says by its client what is wrong', async () => {
    const { temporal, s3 } = services.endpoints;
    const found = await troubles({
      ...services.endpoints,
      temporal: { ...temporal, namespace: 'none' },
      s3: { ...s3, secretKey: 'wrong' },
    });
    expect(found).toEqual([
      expect.stringMatching(/^Temporal at 127\.0\.0\.1:\d+: .*none/),
      expect.stringMatching(/^S3 at http.*: \S/),
    ]);
  });
});
