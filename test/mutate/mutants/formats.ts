import { type Mutant, mutantsOf } from '../mutant.ts';

/** Files that come in and go out: packs, archives, checkpoints, alignment. */
export const formatMutants: readonly Mutant[] = [
  ...mutantsOf(
    'formats/recordio/record.ts',
    ['test/formats/recordio.test.ts'],
    [
      {
        name: 'recordio/magic-lost',
        find: 'if (parts.length > 0) parts.push(magicBytes);',
        replace: '',
        breaks: 'a record of several parts lacks the four bytes that were cut out between them',
      },
      {
        name: 'recordio/header-label',
        find: 'flag > 0 ? imageHeaderBytes : 4',
        replace: '4',
        breaks: 'the label of a record with several labels is that of its header',
      },
      {
        name: 'recordio/padding',
        find: 'Math.ceil(length / wordBytes) * wordBytes',
        replace: 'length',
        breaks: 'the padding of a part counts as the next record',
      },
    ],
  ),
  ...mutantsOf(
    'formats/recordio/index.ts',
    ['test/formats/recordio.test.ts'],
    [
      {
        name: 'recordio/one-person',
        find: 'if (images > 1 && highest === 0 && !pack.names && pack.classes !== 1) throw',
        replace: 'if (images < 0) throw',
        breaks: "a pack of DCFace's without its list is one identity",
      },
      {
        name: 'recordio/identity-records',
        find: 'if (describesPack(parsed)) continue;',
        replace: '',
        breaks: "InsightFace's records of identities count as images",
      },
    ],
  ),
  ...mutantsOf(
    'formats/webdataset/samples.ts',
    ['test/formats/webdataset.test.ts'],
    [
      {
        name: 'webdataset/last-dot',
        find: '[^./]+)\\.([^/]*)$/s',
        replace: '[^/]+)\\.([^./]*)$/s',
        breaks: 'the key of a sample ends at the last dot of its name',
      },
    ],
  ),
  ...mutantsOf(
    'formats/zip/entry.ts',
    ['test/formats/zip.test.ts'],
    [
      {
        name: 'zip/any-sum',
        find: 'if (sum !== entry.crc32) throw',
        replace: 'if (sum < 0) throw',
        breaks: 'a damaged file of an archive is taken',
      },
    ],
  ),
  ...mutantsOf(
    'formats/torch/array.ts',
    ['test/formats/torch.test.ts'],
    [
      {
        name: 'torch/subnormal-halves',
        find: 'exponent === 0 ? sign * fraction * 2 ** -24',
        replace: 'exponent === 0 ? 0',
        breaks: 'the smallest float16 are zero',
      },
      {
        name: 'torch/strides',
        find: 'if (shape[axis] !== 1 && strides[axis] !== expected) return false;',
        replace: '',
        breaks: 'a transposed tensor is read as if it were not',
      },
    ],
  ),
  ...mutantsOf(
    'formats/npy/read.ts',
    ['test/formats/npy.test.ts'],
    [
      {
        name: 'npy/fortran',
        find: "if (fortran === 'True' && shape.length > 1) throw",
        replace: 'if (shape.length < 0) throw',
        breaks: 'an array in Fortran order is read as its transpose',
      },
    ],
  ),
  ...mutantsOf(
    'formats/bin/write.ts',
    ['test/formats/bin.test.ts', 'test/client/export-benchmarks.test.ts'],
    [
      {
        name: 'bin/all-same',
        find: 'yield flag ? yes : no;',
        replace: 'yield yes;',
        breaks: 'all pairs of an exported benchmark match',
      },
    ],
  ),
  ...mutantsOf(
    'client/export/benchmarks.ts',
    ['test/client/export-benchmarks.test.ts'],
    [
      {
        name: 'bin/folds-lost',
        find: '(fold[a] as number) - (fold[b] as number) || a - b',
        replace: 'a - b',
        breaks: 'pairs are not written fold by fold',
      },
    ],
  ),
  ...mutantsOf(
    'client/content-memo.ts',
    ['test/client/content-memo.test.ts'],
    [
      {
        name: 'contents/young',
        find: 'latest < begun - settledMs',
        replace: 'latest >= 0',
        breaks: 'files that were written just now are believed not to change',
      },
      {
        name: 'contents/only-written',
        find: '[dev, ino, mtimeNs, ctimeNs]',
        replace: '[dev, ino]',
        breaks: 'a file that was written over with as many bytes is not read again',
      },
    ],
  ),
  ...mutantsOf(
    'data/align/similarity.ts',
    ['test/data/align/golden.test.ts'],
    [
      {
        name: 'align/turned-back',
        find: 'turned += px * qy - py * qx;',
        replace: 'turned += py * qx - px * qy;',
        breaks: 'a tilted face is turned the wrong way',
      },
    ],
  ),
  ...mutantsOf(
    'data/align/warp.ts',
    ['test/data/align/golden.test.ts'],
    [
      {
        name: 'align/cut-off-halves',
        find: 'upper * (1 - down) + lower * down + 0.5',
        replace: 'upper * (1 - down) + lower * down',
        breaks: 'levels are cut off, not rounded',
      },
    ],
  ),
  ...mutantsOf(
    'data/intake/duplicates.ts',
    ['test/data/intake/duplicates.test.ts'],
    [
      {
        name: 'duplicates/half-a-digest',
        find: 'high(next) !== high(first) || low(next) !== low(first)',
        replace: 'high(next) !== high(first)',
        breaks: 'images whose digests begin alike count as copies',
      },
    ],
  ),
  ...mutantsOf(
    'data/intake/intake.ts',
    ['test/data/intake/intake.test.ts'],
    [
      {
        name: 'intake/early-checkpoint',
        find: 'this.#isDue && !this.#writer.fits(bytes.length)',
        replace: 'this.#isDue',
        breaks: 'a checkpoint counts images that lie in no stored shard',
      },
    ],
  ),
];
