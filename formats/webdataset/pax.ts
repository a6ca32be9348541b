/** What extended headers say about the file that follows them. */
export interface Extended {
  path?: string;
  size?: number;
}

/**
 * Reads the records of a pax header (POSIX.1-2008, pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`. Only `path` and `size` matter
 * here; others, such as times and owners, are passed over.
 *
 * @param fail makes the error from a message
 */
export const readPax = (bytes: Buffer, fail: (message: string) => Error): Extended => {
  const extended: Extended = {};
  for (let at = 0; at < bytes.length; ) {
    const digits = /^([1-9][0-9]{0,8}) /.exec(bytes.toString('latin1', at, at + 10))?.[1];
    if (!digits) throw fail('a record of the pax header must start with its length');
    const end = at + Number(digits);
    if (end > bytes.length || bytes[end - 1] !== 0x0a) throw fail('a record of the pax header must end with its line');
    const equals = bytes.indexOf(0x3d, at);
    if (equals < 0 || equals >= end) throw fail('a record of the pax header must have a key and a value');
    takeRecord(
      extended,
      bytes.toString('utf8', at + digits.length + 1, equals),
      bytes.subarray(equals + 1, end - 1),
      fail,
    );
    at = end;
  }
  return extended;
};

const takeRecord = (extended: Extended, key: string, value: Buffer, fail: (message: string) => Error): void => {
  if (key.startsWith('GNU.sparse')) throw fail('sparse files are not read');
  if (key === 'path') extended.path = decodeName(value, fail);
  if (key !== 'size') return;
  const text = value.toString('latin1');
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw fail(`size must be a number, got ${text}`);
  extended.size = Number(text);
};

/** A name as text. Names that are no UTF-8 are refused: no two readers would agree on them. */
export const decodeName = (bytes: Buffer, fail: (message: string) => Error): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail('names must be UTF-8');
  }
};
