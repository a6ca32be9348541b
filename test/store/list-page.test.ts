import { describe, expect, it } from 'vitest';
import { listQuery, readListPage } from '../../store/list-page.ts';

const page = (contents: string, more = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>1</KeyCount>${contents}${more}</ListBucketResult>`;

describe('a page of a listing', () => {
  it('is read as S3 servers write it', () => {
    const object =
      '<Contents><Key>nodes%2Fa%255B1%255D+x</Key><LastModified>2026-11-27T19:09:29.753Z</LastModified><ETag>&#34;9a0364b9e99bb480dd25e1f0284c8555&#34;</ETag><Size>1234</Size><Owner><ID>Key</ID><DisplayName>x</DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents>';
    const plain =
      '<Contents><Key>b</Key><LastModified>2026-11-27T19:09:29.000Z</LastModified><ETag>"x"</ETag><Size>0</Size></Contents>';
    const rest = '<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b&lt;&#x41;==</NextContinuationToken>';
    const expected = {
      objects: [
        {
          key: 'nodes/a%5B1%5D x',
          bytes: 1234,
          writtenAtMs: Date.parse('2026-11-27T19:09:29.753Z'),
          etag: '9a0364b9e99bb480dd25e1f0284c8555',
        },
        { key: 'b', bytes: 0, writtenAtMs: Date.parse('2026-11-27T19:09:29Z'), etag: 'x' },
      ],
      next: 'a&b<A==',
    };
    // Servers differ in whether what concerns the page comes before or after the objects.
    expect(readListPage(page(object + plain, rest))).toEqual(expected);
    expect(readListPage(page(rest + object + plain))).toEqual(expected);
  });

  it('may be empty, and the last one', () => {
    const last = '<IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken>';
    expect(readListPage(page('', last))).toEqual({ objects: [], next: undefined });
  });

  it.each(['', '<html>busy</html>', page('<Contents><Size>1</Size></Contents>'), page('<Contents><Key>a</Key>')])(
    'is refused where it is none: %s',
    (xml) => {
      expect(() => readListPage(xml)).toThrow();
    },
  );

  it('is asked for with its prefix and the token of the one before, in the order in which queries are signed', () => {
    expect(listQuery('actions/', undefined, 1000)).toBe(
      'encoding-type=url&list-type=2&max-keys=1000&prefix=actions%2F',
    );
    expect(listQuery('', 'a+b/c=', 4)).toBe(
      'continuation-token=a%2Bb%2Fc%3D&encoding-type=url&list-type=2&max-keys=4&prefix=',
    );
  });
});
