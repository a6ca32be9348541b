import fc from 'fast-check';

/** Pickles by their structure: streams of opcodes with well-formed arguments, which mutation of bytes hardly finds. */

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const sized = (opcode: string, width: 1 | 4 | 8, bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([latin1(opcode), length.subarray(0, width), bytes]);
};

const short = fc.uint8Array({ maxLength: 20 });
const word = fc.stringMatching(/^[a-z_]{0,8}$/);
const globals = fc.constantFrom(
  'c_codecs\nencode\n',
  'c__builtin__\nbytearray\n',
  'cbuiltins\nset\n',
  'ccollections\nOrderedDict\n',
  'cnumpy.core.multiarray\n_reconstruct\n',
  'cnumpy\nndarray\n',
  'cnumpy\ndtype\n',
  'cnumpy._core.numeric\n_frombuffer\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'ctorch\nFloatStorage\n',
  'ctorch\nSize\n',
  'cargparse\nNamespace\n',
  'cos\nsystem\n',
);

/** Opcodes that push a value. */
const atom: fc.Arbitrary<Buffer> = fc.oneof(
  fc.constantFrom(...['N', '\x88', '\x89', ']', '}', ')', '\x8f', 'I01\n', 'I-5\n', 'L7L\n', 'F1e5\n'].map(latin1)),
  fc.integer({ min: 0, max: 255 }).map((n) => Buffer.from([0x4b, n])),
  fc.double().map((x) => {
    const bytes = latin1('G\0\0\0\0\0\0\0\0');
    bytes.writeDoubleBE(x, 1);
    return bytes;
  }),
  short.map((bytes) => sized('\x8a', 1, bytes)),
  fc.tuple(fc.constantFrom('C', 'U'), short).map(([opcode, bytes]) => sized(opcode, 1, bytes)),
  fc.tuple(fc.constantFrom('B', 'T'), short).map(([opcode, bytes]) => sized(opcode, 4, bytes)),
  fc.tuple(fc.constantFrom('\x8e', '\x96'), short).map(([opcode, bytes]) => sized(opcode, 8, bytes)),
  word.map((text) => sized('X', 4, latin1(text))),
  word.map((text) => latin1(`S'${text}\\n\\x41'\n`)),
  word.map((text) => latin1(`V${text}\\u00e9\n`)),
  fc.constantFrom('latin1', 'u1', 'b1', 'storage', '0').map((text) => sized('X', 4, latin1(text))),
  globals.map(latin1),
);

/** Opcodes that work on what is there. */
const operation = fc
  .constantFrom(
    '(',
    't',
    '\x85',
    '\x86',
    '\x87',
    'l',
    'a',
    'e',
    'd',
    's',
    'u',
    '\x90',
    '\x91',
    '0',
    '1',
    '2',
    'R',
    '\x81',
    '\x92',
    'b',
    'o',
    'Q',
    '\x94',
    'q\x00',
    'h\x00',
    'q\x01',
    'h\x01',
    'p5\n',
    'g5\n',
    '\x93',
  )
  .map(latin1);

const stream = fc
  .array(fc.oneof(atom, operation), { maxLength: 60 })
  .map((opcodes) => Buffer.concat([...opcodes, latin1('.')]));

/** Values nested in tuples, lists, dicts and calls, each whole: most of these are read. */
const { value } = fc.letrec<{ value: Buffer }>((tie) => {
  const many = fc.array(tie('value'), { maxLength: 4 });
  const wrap = (start: string, end: string) =>
    many.map((values) => Buffer.concat([latin1(start), ...values, latin1(end)]));
  return {
    value: fc.oneof(
      { maxDepth: 6 },
      atom,
      wrap('(', 't'),
      wrap('](', 'e'),
      wrap('(', 'l'),
      wrap('\x8f(', '\x90'),
      many.map((values) => Buffer.concat([latin1('}('), ...values.flatMap((entry) => [entry, entry]), latin1('u')])),
      fc.tuple(globals, many).map(([name, args]) => Buffer.concat([latin1(`${name}(`), ...args, latin1('tR')])),
      fc
        .tuple(globals, many, tie('value'))
        .map(([name, args, state]) => Buffer.concat([latin1(`${name}(`), ...args, latin1('tR'), state, latin1('b')])),
      tie('value').map((inner) => Buffer.concat([inner, latin1('q\x07h\x07\x86')])),
    ),
  };
});

export const pickles: fc.Arbitrary<Uint8Array> = fc.oneof(
  stream,
  value.map((bytes) => Buffer.concat([latin1('\x80\x04'), bytes, latin1('.')])),
);
