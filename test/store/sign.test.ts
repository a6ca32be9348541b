import { signV4 } from 'minio/dist/esm/signing.mjs';
import { describe, expect, it } from 'vitest';
import { signerFor } from '../../store/sign.ts';

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const account = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};

describe('the signature', () => {
  it('is that of the example in the S3 documentation ("GET Object", Signature Version 4)', () => {
    const headers = {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': empty,
      'x-amz-date': '20130524T000000Z',
    };
    expect(signerFor(account)({ method: 'GET', path: '/test.txt', headers })).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it.each([
    ['PUT', '/bucket/a%20b', '20261123T235959Z'],
    ['PUT', '/bucket/a%20b', '20261124T000000Z'],
    ['GET', '/bucket?list-type=2&prefix=a%2Fb', '20261124T000000Z'],
  ])('is that of minio-js for %s %s on %s, also where the day changes', (method, path, amzDate) => {
    const date = new Date(amzDate.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'));
    const headers = {
      host: '127.0.0.1:9000',
      'content-type': 'text/plain',
      'content-length': '3',
      'if-none-match': '*',
      'x-amz-content-sha256': empty,
      'x-amz-date': amzDate,
    };
    const { accessKey, secretKey, region } = account;
    const theirs = signV4(
      { method, path, headers, protocol: 'http:' } as Parameters<typeof signV4>[0],
      ...([accessKey, secretKey, region, date, empty] as const),
    );
    expect(sign({ method, path, headers })).toBe(theirs);
  });
});

/** One signer for all days, as a long-lived process has it. */
const sign = signerFor(account);
