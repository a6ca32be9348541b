import { describe, expect, it } from 'vitest';
import { contiguousFold, parseCsvPairs, parseLfwPairs } from '../../formats/pairs/index.ts';

const lfw = (text: string | Buffer, extension?: string) =>
  parseLfwPairs(Buffer.from(text), { file: 'pairs.txt', ...(extension && { extension }) });
const csv = (text: string | Buffer) => parseCsvPairs(Buffer.from(text), { file: 'pairs.csv' });

/** Two folds of one matching and one other pair, as LFW lays them out. */
const twoFolds = '2\t1\nAbel_Pacheco\t1\t4\nAbdel_Madi\t5\tDean_Barker\t12345\nAnn\t1\t2\nAnn\t1\tBob\t1\n';

describe("LFW's pairs.txt", () => {
  it('has folds one after another, and photos named by person and number', () => {
    expect(lfw(twoFolds)).toEqual([
      { left: 'Abel_Pacheco/Abel_Pacheco_0001.jpg', right: 'Abel_Pacheco/Abel_Pacheco_0004.jpg', same: true, fold: 0 },
      { left: 'Abdel_Madi/Abdel_Madi_0005.jpg', right: 'Dean_Barker/Dean_Barker_12345.jpg', same: false, fold: 0 },
      { left: 'Ann/Ann_0001.jpg', right: 'Ann/Ann_0002.jpg', same: true, fold: 1 },
      { left: 'Ann/Ann_0001.jpg', right: 'Bob/Bob_0001.jpg', same: false, fold: 1 },
    ]);
  });

  it('may lack its first line (ten folds) or say the pairs of one fold alone; spaces and CRLF will do', () => {
    const pairs = Array.from({ length: 20 }, (_, i) => `Ann ${i} ${i + 1}\r\n`).join('');
    expect(lfw(pairs).map(({ fold }) => fold)).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
    expect(lfw('1\nAnn 1 2\nAnn 1 Bob 1', 'png').map(({ left, fold }) => [left, fold])).toEqual([
      ['Ann/Ann_0001.png', 0],
      ['Ann/Ann_0001.png', 0],
    ]);
  });

  it.each([
    ['2 300\nAnn 1 2\n', 1, 0, /must be 1200 pairs, got 1/],
    ['Ann 1 2\n\nAnn 1 2 3 4\n', 3, 9, /"name i j" or "name i name j"/],
    ['Ann 1 2\nAnn 1 x\n', 2, 8, /photos are numbered, got "x"/],
    ['Ann 1 2\n../Ann 1 2\n', 2, 8, /no slash/],
    ['Ann 1 2\n..\\Ann 1 2\n', 2, 8, /within the folder/],
    ['', 1, 0, /must be some pairs/],
  ])('refuses %j', (text, line, offset, message) => {
    expect(() => lfw(text)).toThrow(message);
    expect(() => lfw(text)).toThrow(
      expect.objectContaining({
        code: 'FormatInvalid',
        message: expect.stringContaining(`line ${line}:`),
        data: expect.objectContaining({ offset }),
      }),
    );
  });
});

describe('a CSV of pairs', () => {
  it('has a header that says the order, and folds where it names them', () => {
    expect(csv('\ufeffsame,left,fold,right\n1,a/1.jpg,3,a/2.jpg\r\nfalse,"a/1, ""x"".jpg",0,é/2.png\n')).toEqual([
      { left: 'a/1.jpg', right: 'a/2.jpg', same: true, fold: 3 },
      { left: 'a/1, "x".jpg', right: 'é/2.png', same: false, fold: 0 },
    ]);
  });

  it('has ten contiguous folds where it names none', () => {
    const rows = Array.from({ length: 7000 }, (_, i) => `a/${i}.jpg,b/${i}.jpg,${i % 2}\n`).join('');
    expect(csv(`left,right,same\n${rows}`).map(({ fold }) => fold)).toEqual(
      Array.from({ length: 7000 }, (_, i) => Math.floor(i / 700)),
    );
  });

  it.each([
    ['', 1, /must not be empty/],
    ['left,right\n', 1, /header must be/],
    ['left,right,same,left\n', 1, /header must be/],
    ['left,right,same,note\n', 1, /header must be/],
    ['left,right,same\n', 1, /some pairs/],
    ['left,right,same\na,b\n', 2, /3 fields are needed, got 2/],
    ['left,right,same\na,b,yes\n', 2, /1, 0, true or false, got "yes"/],
    ['left,right,same,fold\na,b,1,-1\n', 2, /whole number from 0/],
    ['left,right,same\na,b,1\n../a,b,1\n', 3, /within the folder, got "..\/a"/],
    ['left,right,same\n/a,b,1\n', 2, /within the folder/],
    ['left,right,same\nC:\\a,b,1\n', 2, /within the folder/],
    ['left,right,same\na\u0000,b,1\n', 2, /within the folder/],
    ['left,right,same\n"a"x,b,1\n', 2, /quotes/],
    ['left,right,same\n"a,b,1\n', 2, /fields are needed|quotes/],
  ])('refuses %j', (text, line, message) => {
    expect(() => csv(text)).toThrow(message);
    expect(() => csv(text)).toThrow(`line ${line}:`);
  });

  it('must be UTF-8', () => {
    expect(() => csv(Buffer.from('left,right,same\n\xe9,b,1\n', 'latin1'))).toThrow(/must be UTF-8/);
  });
});

describe('contiguousFold', () => {
  it('gives the first folds one more, as scikit-learn does', () => {
    const folds = Array.from({ length: 11 }, (_, index) => contiguousFold(index, 11, 3));
    expect(folds).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
    expect(Array.from({ length: 3 }, (_, index) => contiguousFold(index, 3, 10))).toEqual([0, 1, 2]);
  });
});
