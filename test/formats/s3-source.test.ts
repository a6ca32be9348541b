import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { contentDigest } from '../../formats/content.ts';
import type { ListedImage } from '../../formats/image-set.ts';
import { formatOf } from '../../formats/sets.ts';
import { openDisk } from '../../formats/sources/disk.ts';
import { openSource } from '../../formats/sources/open.ts';
import { openS3 } from '../../formats/sources/s3.ts';
import { startMinio, type TestMinio } from '../helpers/minio.ts';

const fixtures = fileURLToPath(new URL('../fixtures/formats', import.meta.url));
let minio: TestMinio;
let client: Client;

const put = (key: string, bytes: Buffer) => client.putObject('sets', key, bytes);

beforeAll(async () => {
  minio = await startMinio();
  const { endpoint, accessKey, secretKey } = minio.config;
  const { hostname: endPoint, port } = new URL(endpoint);
  client = new Client({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey });
  await client.makeBucket('sets');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKey);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretKey);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await minio?.stop();
});

const imagesOf = async (path: string) => {
  const source = await openSource(path);
  const images: [number | string, string][] = [];
  for await (const entry of formatOf(source, 'auto').list(source)) {
    const { identity, bytes } = entry as ListedImage;
    images.push([identity, Buffer.from(bytes).toString('base64')]);
  }
  await source.close();
  return images;
};

describe('an address in an object store', () => {
  it.each([
    ['recordio/insightface', /./],
    ['lmdb', /^hsface/],
    ['parquet', /^train/],
    ['webdataset', /^cls/],
    ['zip', /^subjects/],
  ])('reads %s as the disk does', async (folder, wanted) => {
    const names = readdirSync(`${fixtures}/${folder}`).filter((name) => wanted.test(name));
    const here = await mkdtemp(join(tmpdir(), 'set-'));
    for (const name of names) {
      const bytes = readFileSync(`${fixtures}/${folder}/${name}`);
      await put(`${folder}/${name}`, bytes);
      await writeFile(join(here, name), bytes);
    }
    const images = await imagesOf(`s3://sets/${folder}`);
    expect(images.length).toBeGreaterThan(0);
    expect(images).toEqual(await imagesOf(here));
    await rm(here, { recursive: true });
  });

  it('may be a single object, and not one whose name merely begins so', async () => {
    await put('one/train.parquet', Buffer.from('abc'));
    await put('one/train.parquet.bak', Buffer.from('defg'));
    const source = await openS3('s3://sets/one/train.parquet');
    expect(source.files.map(({ path, bytes }) => [path, bytes])).toEqual([['train.parquet', 3]]);
    expect(source.isFile).toBe(true);
    expect((await source.read(source.files[0] as never, 1, 2)).toString()).toBe('bc');
  });

  it('has a digest that sees content, names and new objects, and downloads nothing', async () => {
    await put('seen/a', Buffer.from('1'));
    const before = await contentDigest('s3://sets/seen');
    await put('seen/a', Buffer.from('2'));
    const changed = await contentDigest('s3://sets/seen');
    await put('seen/a', Buffer.from('1'));
    expect(await contentDigest('s3://sets/seen')).toBe(before);
    await put('seen/b', Buffer.from('1'));
    expect(new Set([before, changed, await contentDigest('s3://sets/seen')]).size).toBe(3);
  });

  it('is refused with what to do: nothing there, no such bucket, wrong keys, no address', async () => {
    await expect(openS3('s3://sets/nowhere')).rejects.toMatchObject({ code: 'FolderNotFound' });
    await expect(openS3('s3://other/nowhere')).rejects.toMatchObject({ code: 'SourceUnreachable', retryable: false });
    const env = { AWS_ENDPOINT_URL: minio.config.endpoint, AWS_ACCESS_KEY_ID: 'other', AWS_SECRET_ACCESS_KEY: 'wrong' };
    await expect(openS3('s3://sets/seen', env)).rejects.toMatchObject({
      code: 'SourceUnreachable',
      retryable: false,
      remedy: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    await expect(openS3('s3://A_B')).rejects.toMatchObject({ code: 'AddressInvalid' });
  });

  it('says where a file has become shorter since it was listed', async () => {
    await put('cut/a', Buffer.from('12345'));
    const source = await openS3('s3://sets/cut');
    await put('cut/a', Buffer.from('123'));
    await expect(source.read(source.files[0] as never, 0, 5)).rejects.toMatchObject({ code: 'SourceChanged' });
  });
});

it('files on disk are read in parts, and a file that has become shorter is named', async () => {
  const source = await openDisk(`${fixtures}/recordio`);
  const file = source.files.find(({ path }) => path.endsWith('train.rec')) as never;
  expect((await source.read(file, 0, 4)).toString('hex')).toBe('0a23d7ce');
  await expect(source.read({ ...(file as object), bytes: 2 ** 40 } as never, 2 ** 39, 4)).rejects.toMatchObject({
    code: 'SourceChanged',
  });
  await source.close();
});
