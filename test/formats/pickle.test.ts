import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CemiflowError } from '../../core/errors.ts';
import { Inert, NumpyArray, numpyConstructors, type PickleOptions, readPickle } from '../../formats/pickle/index.ts';

const folder = new URL('../fixtures/formats/pickle/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.pkl`, folder));
const read = (bytes: Uint8Array | string, options: Partial<PickleOptions> = {}): unknown =>
  readPickle(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, { file: 'a.pkl', ...options }).value;

const refusal = (bytes: Uint8Array | string, options: Partial<PickleOptions> = {}): CemiflowError => {
  try {
    read(bytes, options);
  } catch (error) {
    if (error instanceof CemiflowError) return error;
    throw error;
  }
  throw new Error('the pickle was read');
};

/** Keys that Python 2 wrote as `str` are bytes. */
const byName = (dict: unknown): Map<string, unknown> =>
  new Map([...(dict as Map<unknown, unknown>)].map(([key, value]) => [String(key), value]));

const of = (version: string, protocols: number[]) => protocols.map((protocol) => `${version}-${protocol}`);

describe('pickles of Python', () => {
  it.each([...of('python2', [0, 1, 2]), 'cpickle-2', ...of('python3', [0, 1, 2, 3, 4, 5])])('%s is read', (name) => {
    const bytes = fixture(name);
    const found = byName(read(bytes));
    expect(readPickle(bytes, { file: name }).length).toBe(bytes.length);
    expect(found.get('none')).toBe(null);
    expect([found.get('yes'), found.get('no')]).toEqual([true, false]);
    const large = [2 ** 53 - 1, 2n ** 64n, -(2n ** 70n)];
    expect(found.get('numbers')).toEqual([0, 1, -1, 255, 65535, 65536, -(2 ** 31), 2 ** 31, ...large]);
    expect(found.get('floats')).toEqual([0, -1.5, 1e300, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(found.get('text')).toBe('café 世界 \\ \n \u{1f600}');
    expect(found.get('bytes')).toEqual(Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    expect(found.get('quotes')).toEqual(Buffer.from('\'"\\\n'));
    expect(found.get('bytearray')).toEqual(Buffer.from([0, 255, 0xd8]));
    expect(found.get('empty')).toEqual([Buffer.alloc(0), [], [], new Map(), '']);
    expect(found.get('tuples')).toEqual([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
    expect(found.get('set')).toEqual(new Set([1, 2]));
    expect([...byName(found.get('ordered'))]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(found.get('long')).toEqual(Array.from({ length: 1100 }, (_, i) => i));
    const [first, second] = found.get('shared') as unknown[];
    expect(first).toBe(second);
    const self = found.get('self') as unknown[];
    expect(self[0]).toBe(self);
  });

  it('bytes are views of the file', () => {
    const bytes = fixture('python3-4');
    expect((byName(read(bytes)).get('bytes') as Buffer).buffer).toBe(bytes.buffer);
  });

  it('strings of Python 2 become text where the caller wants text', () => {
    expect(read("S'a\\x41\\101\\n'\n.", { strings: 'text' })).toBe('aAA\n');
    expect(refusal('U\x01\xff.', { strings: 'text' }).message).toMatch(/UTF-8/);
  });

  it.each(of('numpy', [0, 1, 2, 3, 4, 5]))('%s: arrays of uint8 and bool, and scalars', (name) => {
    const [bytes, flags, flag, number] = read(fixture(name), { allow: numpyConstructors }) as unknown[];
    expect(bytes).toBeInstanceOf(NumpyArray);
    expect([...(bytes as NumpyArray).data]).toEqual([0, 1, 2, 3, 4]);
    expect(flags).toMatchObject({ type: 'b1', data: Buffer.from([1, 0]) });
    expect([flag, number]).toEqual([true, 7]);
  });

  it.each(['numpy-float32', 'numpy-square'])('%s is refused', (name) => {
    expect(refusal(fixture(name), { allow: numpyConstructors }).message).toMatch(/must be uint8 or bool|one axis/);
  });
});

describe('a pickle that calls something', () => {
  it.each(['system', 'eval'].flatMap((what) => of(`evil-${what}`, [0, 2, 4])))('%s is refused', (name) => {
    const error = refusal(fixture(name));
    expect(error).toMatchObject({ code: 'FormatInvalid', data: { file: 'a.pkl', format: 'pickle' } });
    expect(error.message).toMatch(/asks for (posix.system|(builtins|__builtin__).eval), which is not allowed/);
  });

  it('runs nothing where unknown globals are kept: their names and arguments are data', () => {
    const found = read(fixture('evil-system-4'), { unknownGlobals: 'inert' });
    expect(found).toBeInstanceOf(Inert);
    expect(found).toMatchObject({ name: 'posix system', args: ['touch pickle-ran'] });
    expect(existsSync('pickle-ran')).toBe(false);
  });

  it('cannot reach what every JavaScript object has', () => {
    for (const name of ['constructor', '__proto__', 'toString'])
      expect(refusal(`c${name}\n${name}\n)R.`).code).toBe('FormatInvalid');
    const dict = read("(dS'__proto__'\n(dS'a'\nI1\nss.", { strings: 'text' }) as Map<string, unknown>;
    expect(dict.get('__proto__')).toEqual(new Map([['a', 1]]));
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('keeps objects of unknown classes as data, with state, items and entries', () => {
    const options = { unknownGlobals: 'inert' } as const;
    expect(read('cm\nC\n)\x81}b.', options)).toMatchObject({ name: 'm C', args: [], state: new Map() });
    expect(read('cm\nC\n)R(K\x01K\x02e.', options)).toMatchObject({ items: [1, 2] });
    expect(read('cm\nC\n)RK\x01K\x02s.', options)).toMatchObject({ entries: new Map([[1, 2]]) });
    expect(read('(K\x01im\nC\n.', options)).toMatchObject({ name: 'm C', args: [1] });
    expect(read('(cm\nC\nK\x01o.', options)).toMatchObject({ name: 'm C', args: [1] });
    expect(read('cm\nC\n)}\x92.', options)).toMatchObject({ name: 'm C', args: [] });
  });

  it('asks the caller for the value of a persistent id', () => {
    expect(read('(K\x01tQ.', { persistent: (id) => ({ id }) })).toEqual({ id: [1] });
    expect(read('Pkey\n.', { persistent: (id) => id })).toBe('key');
    expect(refusal('Pkey\n.').message).toMatch(/data outside/);
  });
});

describe('a damaged or hostile pickle is refused', () => {
  it.each([
    ['ends early', 'B\x05\0\0\0abc', 0, /5 bytes are needed, but 3 are left/],
    ['claims 2^63 bytes', '\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f', 2, /are needed/],
    ['has an endless line', "S'abc'", 0, /does not end/],
    ['has no STOP', 'N', 1, /1 bytes are needed/],
    ['leaves two values', 'NN.', 2, /one value/],
    ['leaves a mark', '(N.', 2, /one value/],
    ['pops nothing', '0.', 0, /stack is empty/],
    ['has no mark', 'Nt.', 1, /no mark/],
    ['has an unknown memo', 'h\x05.', 0, /no value 5/],
    ['has opcode EXT1', 'N\x82\x01.', 1, /opcode 0x82 is not allowed/],
    ['has protocol 6', '\x80\x06N.', 0, /0 to 5/],
    ['has a long integer', '\x8b\xff\xff\xff\x7f', 0, /at most 2048 bytes/],
    ['has a negative length', '\x8b\xff\xff\xff\xff', 0, /at most 2048 bytes/],
    ['has an integer of many digits', `I${'9'.repeat(5000)}\n.`, 0, /at most 1000 bytes/],
    ['calls a string', 'U\x01a)R.', 4, /only a global/],
    ['appends to a number', 'K\x01K\x02a.', 4, /a list is needed/],
    ['sets items of a list', ']NNs.', 3, /a dict is needed/],
    ['has a key without value', '(Nd.', 2, /a value for each key/],
    ['has text that is not UTF-8', 'X\x01\0\0\0\xff.', 0, /UTF-8/],
    ['has a bad escape', "S'\\q'\n.", 0, /escape/],
    ['has a string without quotes', 'Sabc\n.', 0, /quotes/],
    ['encodes with another codec', 'c_codecs\nencode\n(X\x01\0\0\0aX\x03\0\0\0ziptR.', 32, /latin1/],
    ['has a frame beyond the file', '\x80\x04\x95\xff\0\0\0\0\0\0\0N.', 2, /frame/],
  ])('one that %s', (_, bytes, offset, message) => {
    const error = refusal(bytes);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'FormatInvalid', data: { offset } });
  });

  it('names bytes of the whole file where the pickle lies inside of one', () => {
    expect(refusal('NN.', { offset: 100 }).data.offset).toBe(102);
  });

  it('one with too many values, too much text, or nested too deep', () => {
    expect(refusal(`(${'N'.repeat(100)}t.`, { maxItems: 50 }).message).toMatch(/at most 50 items/);
    for (const text of ['X\x03\0\0\0abc', 'Vabc\n', 'U\x03abc']) {
      const error = refusal(text.repeat(4), { maxTextBytes: 10, strings: 'text' });
      expect(error.message).toMatch(/at most 10 bytes of text/);
    }
    expect(refusal('('.repeat(2000)).message).toMatch(/1000 deep/);
  });

  it('one that copies the same text or list over and over', () => {
    const text = `X\x00\x10\0\0${'a'.repeat(4096)}q\x00`;
    const encoded = `c_codecs\nencode\n(h\x00X\x06\0\0\0latin1tR`;
    expect(refusal(`(${text}${encoded.repeat(3)}l.`).message).toMatch(/must not exceed its size/);
    const list = `(${'N'.repeat(4096)}lq\x00`;
    const set = 'cbuiltins\nset\nh\x00\x85R';
    expect(refusal(`(${list}${set.repeat(300)}l.`).message).toMatch(/at most 1000000 items/);
  });

  it('doubled references cost nothing', () => {
    const doubled = `]${'q\x000]h\x00ah\x00a'.repeat(60)}.`;
    let value = read(doubled);
    for (let depth = 0; depth < 60; depth++) value = (value as unknown[])[1];
    expect(value).toEqual([]);
  });
});
