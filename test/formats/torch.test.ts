import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CemiflowError } from '../../core/errors.ts';
import { Inert } from '../../formats/pickle/index.ts';
import { inMemory } from '../../formats/source.ts';
import { openTorch, type TorchFile } from '../../formats/torch/index.ts';
import { openZip } from '../../formats/zip/index.ts';

import { zipBytes } from './helpers/zip-bytes.ts';

const folder = new URL('../fixtures/formats/torch/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(name, folder));
const expected = JSON.parse(fixture('expected.json').toString()) as Record<
  string,
  Record<string, { dtype: string; shape: number[]; data: string }>
>;
const open = (name: string, stateKey?: string): Promise<TorchFile> =>
  openTorch(inMemory(name, fixture(name)), stateKey === undefined ? {} : { stateKey });

const refusal = async (name: string, bytes: Uint8Array): Promise<CemiflowError> => {
  const error = await openTorch(inMemory(name, bytes)).then(
    () => new Error('the checkpoint was read'),
    (error: unknown) => error,
  );
  if (error instanceof CemiflowError) return error;
  throw error;
};

/** Bytes of every tensor as PyTorch had them (half precision as float32), and what they are. */
const contents = async ({ tensors }: TorchFile) => {
  const found: Record<string, unknown> = {};
  for (const [name, tensor] of tensors) {
    const { buffer, byteOffset, byteLength } = await tensor.read();
    const data = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    found[name] = { dtype: tensor.dtype, shape: tensor.shape, data };
  }
  return found;
};

describe('openTorch', () => {
  it.each(['zip.pth', 'legacy.pth'])('%s: every dtype, strides, offsets and shared storages', async (name) => {
    const file = await open(name);
    expect(file.stateKey).toBeUndefined();
    expect(await contents(file)).toEqual(expected[name]);
    expect([...file.tensors.keys()].slice(0, 3)).toEqual(['float', 'double', 'half']);
    const storageOf = (tensor: string) => file.tensors.get(tensor)?.storage;
    expect(storageOf('tied.a')).toBe(storageOf('tied.b'));
    expect(storageOf('sliced')).toBe(storageOf('transposed'));
    expect(storageOf('float')).not.toBe(storageOf('tied.a'));
  });

  it.each(['lightning.ckpt', 'lightning-legacy.ckpt'])(
    '%s: weights under state_dict, the rest as data',
    async (name) => {
      const file = await open(name);
      expect(file.stateKey).toBe('state_dict');
      expect(await contents(file)).toEqual(expected['lightning.ckpt']);
      const root = file.root as Map<string, unknown>;
      expect(root.get('epoch')).toBe(25);
      const hyper = root.get('hyper_parameters') as Map<string, unknown>;
      expect(hyper.get('size')).toEqual([112, 112]);
      const args = hyper.get('args') as Inert;
      expect(args).toMatchObject({
        name: 'argparse Namespace',
        state: new Map<string, unknown>([
          ['arch', 'ir_18'],
          ['m', 0.4],
        ]),
      });
      expect(hyper.get('optimizer')).toBeInstanceOf(Inert);
    },
  );

  it('finds weights under state_dict_backbone, takes the dict that is asked for, and joins nested names', async () => {
    const backbone = await open('backbone.pt');
    expect(backbone.stateKey).toBe('state_dict_backbone');
    expect(await contents(backbone)).toEqual(expected['backbone.pt']);
    expect([...(await open('backbone.pt', 'state_dict_optimizer')).tensors.keys()]).toEqual(['x']);
    expect(await contents(await open('nested.pt'))).toEqual(expected['nested.pt']);
  });

  it.each([
    ['whole-model.pt', /there are no tensors/],
    ['nothing.pt', /there are no tensors/],
    ['complex.pt', /"x" has items of ComplexFloatStorage, which are not read/],
    ['expanded.pt', /repeats the 1 items of its storage: save tensor.clone\(\)/],
  ])('%s is refused', async (name, message) => {
    const error = await refusal(name, fixture(name));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('FormatInvalid');
  });

  it('refuses a dict that is not there, the tar form, and other files', async () => {
    await expect(open('backbone.pt', 'ema')).rejects.toThrow(/no tensors under "ema"/);
    const tar = Buffer.alloc(1024);
    tar.write('ustar', 257);
    const error = await refusal('old.pth', tar);
    expect(error.message).toMatch(/tar form/);
    expect(error.remedy).toMatch(/save it again with PyTorch 1.6/);
    expect((await refusal('a.pth', Buffer.from('hello'))).message).toMatch(/must start as a zip/);
    expect((await refusal('a.pth', Buffer.alloc(0))).message).toMatch(/must start as a zip/);
  });

  it('refuses a legacy file that is cut, at any byte, and one whose storage has another size', async () => {
    const bytes = fixture('legacy.pth');
    for (let length = 1; length < bytes.length; length += 7) {
      expect((await refusal('a.pth', bytes.subarray(0, length))).code).toBe('FormatInvalid');
    }
    const at = bytes.length - 8 - 8;
    expect(bytes.readBigInt64LE(at)).toBe(2n);
    const longer = Buffer.from(bytes);
    longer.writeBigInt64LE(3n, at);
    const error = await refusal('a.pth', longer);
    expect(error.message).toMatch(/must have 2 items/);
    expect(error.data.offset).toBe(at);
  });

  it('refuses a tensor that reaches beyond its storage', async () => {
    const bytes = Buffer.from(fixture('legacy.pth'));
    const shape = Buffer.from('K\x02K\x03\x86', 'latin1');
    const at = bytes.indexOf(shape);
    bytes[at + 1] = 200;
    expect((await refusal('a.pth', bytes)).message).toMatch(/shape \[200,3\] reaches beyond its storage of 6 items/);
  });

  it('reads a legacy pickle that is longer than the first window', async () => {
    const bytes = fixture('legacy.pth');
    const pad = Buffer.alloc(2 ** 21, 'a');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(pad.length);
    // The object's pickle: a long text is pushed and popped again.
    const at = bytes.indexOf(Buffer.from('ccollections\nOrderedDict'));
    const long = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from('X'),
      length,
      pad,
      Buffer.from('0'),
      bytes.subarray(at),
    ]);
    expect(await contents(await openTorch(inMemory('long.pth', long)))).toEqual(expected['legacy.pth']);
  });
});

describe('a zip that says other things than PyTorch writes', () => {
  /** The archive of zip.pth with other files: `null` leaves one out. */
  const rezipped = async (changes: Record<string, string | null>): Promise<Buffer> => {
    const archive = await openZip(inMemory('zip.pth', fixture('zip.pth')));
    const files = new Map<string, Buffer>();
    for (const entry of archive.entries) files.set(entry.path, await archive.read(entry));
    for (const [path, text] of Object.entries(changes)) {
      if (text === null) files.delete(path);
      else files.set(path, Buffer.from(text, 'latin1'));
    }
    return zipBytes([...files].map(([path, bytes]) => ({ path, bytes })));
  };

  const storage = (type: string) => `(U\x07storagec${type}\nU\x010NK\x06tQ`;
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage('torch\nFloatStorage')}K\x00))\x89NtR`;
  const doubled = `](${'N'.repeat(300)}e${'q\x000]h\x00ah\x00a'.repeat(13)}`;
  const wide = `](${'N'.repeat(4000)}eq\x010](${'h\x01'.repeat(4000)}e`;

  it('is built as it should be', async () => {
    const { tensors } = await openTorch(inMemory('a.pth', await rezipped({ 'zip/data.pkl': `}U\x01a${tensor}s.` })));
    expect(tensors.get('a')).toMatchObject({ dtype: 'float32', shape: [] });
    expect(await tensors.get('a')?.read()).toHaveLength(1);
  });

  it.each<[string, Record<string, string | null>, RegExp]>([
    ['another byte order', { 'zip/byteorder': 'big' }, /byte order must be little/],
    ['no storage', { 'zip/data/0': null }, /the storage of "float" is missing/],
    ['a short storage', { 'zip/data/0': 'abcd' }, /the storage of "float" must be 24 bytes, got 4/],
    ['TorchScript', { 'zip/constants.pkl': '' }, /TorchScript archives are not read/],
    ['no pickle', { 'zip/data.pkl': null }, /must hold data.pkl/],
    [
      'a sparse tensor',
      { 'zip/data.pkl': `}U\x01actorch._utils\n_rebuild_sparse_tensor\n)Rs.` },
      /kind of tensor that is not read/,
    ],
    [
      'a tensor of bytes',
      { 'zip/data.pkl': '}U\x01actorch._utils\n_rebuild_tensor_v2\n(C\x01aK\x00))tRs.' },
      /must have a storage/,
    ],
    [
      'a storage of another class',
      { 'zip/data.pkl': `}U\x01a${storage('os\nFloatStorage')}s.` },
      /only storages of tensors/,
    ],
    [
      'two tensors of one name',
      { 'zip/data.pkl': `}(U\x03a.b${tensor}U\x01a}U\x01b${tensor}su.` },
      /two tensors are named "a.b"/,
    ],
    ['lists too deep', { 'zip/data.pkl': `}(U\x01a${tensor}U\x01b]${'\x85'.repeat(20)}u.` }, /more than 16 deep/],
    ['references that double', { 'zip/data.pkl': `}(U\x01a${tensor}U\x01b${doubled}u.` }, /at most 1000000 values/],
    ['lists of lists', { 'zip/data.pkl': `}(U\x01a${tensor}U\x01b${wide}u.` }, /at most 1000000 values/],
  ])('%s is refused', async (_, changes, message) => {
    const error = await refusal('a.pth', await rezipped(changes));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('FormatInvalid');
  });
});
