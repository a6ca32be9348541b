import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { examining } from '../../../data/intake/examine.ts';
import { Examiner, type ExaminerOptions } from '../../../data/intake/examiner.ts';
import { encodePng } from '../../../formats/image.ts';

const wanted = { height: 8, width: 8, fit: 'exact' } as const;
const open: Examiner[] = [];
const examiner = (more = {}, options: Partial<ExaminerOptions> = {}, url = examining.url): Examiner => {
  const made = new Examiner({ ...examining, url }, { ...wanted, ...more }, options);
  open.push(made);
  return made;
};
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const module = new URL('./crashing.ts', import.meta.url).href;
const asked = (...images: Buffer[]) => images.map((bytes) => ({ bytes }));
const texts = (...names: string[]) => asked(...names.map((name) => Buffer.from(name)));
const picture = (width: number, height: number, alpha?: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 250, g: 100, b: 50, alpha: alpha ?? 1 } } });

describe('Examiner', () => {
  it('loses the image that crashes its process, and no other', async () => {
    const tried = examiner({}, {}, module);
    const [first, second] = await Promise.all([tried.examine(texts('a', 'crash', 'b')), tried.examine(texts('c'))]);
    expect(first).toMatchObject([
      { transparent: false },
      { fault: 'ends the decoder: SIGSEGV' },
      { transparent: false },
    ]);
    expect(second).toMatchObject([{ transparent: false }]);
    expect(await tried.examine(texts('d'))).toMatchObject([{ transparent: false }]);
  });

  it('gives up on an image that never comes to an end', async () => {
    const answers = await examiner({}, { patienceMs: 1500 }, module).examine(texts('a', 'hang'));
    expect(answers).toMatchObject([{ transparent: false }, { fault: 'ends the decoder: no answer' }]);
  });

  it('says what is wrong with an image', async () => {
    const jpeg = await picture(8, 8).jpeg().toBuffer();
    const answers = await examiner().examine(
      asked(
        Buffer.from('no image'),
        await picture(8, 8, 0).png().toBuffer(),
        await picture(8, 9).png().toBuffer(),
        jpeg.subarray(0, jpeg.length / 2),
      ),
    );
    expect(answers).toEqual([
      { fault: 'is no PNG, JPEG or WebP' },
      { fault: 'is wholly transparent' },
      { fault: 'is 9 × 8 pixels, not 8 × 8' },
      { fault: expect.stringMatching(/premature end/i) },
    ]);
  });

  it('takes what decodes: trailing bytes, a turned photo, CMYK, 16-bit grey, and counts transparency', async () => {
    const jpeg = await picture(8, 8).jpeg().toBuffer();
    const turned = await picture(9, 8).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const answers = await examiner({ width: 8, height: 9 }).examine(asked(turned));
    expect(answers).toMatchObject([{ transparent: false }]);
    const grey = Buffer.from(Uint16Array.from({ length: 64 }, (_, i) => i * 1000).buffer);
    const others = await examiner().examine(
      asked(
        Buffer.concat([jpeg, Buffer.alloc(40)]),
        await picture(8, 8).toColourspace('cmyk').jpeg().toBuffer(),
        await sharp(new Uint16Array(grey.buffer, grey.byteOffset, 64), { raw: { width: 8, height: 8, channels: 1 } })
          .toColourspace('grey16')
          .png()
          .toBuffer(),
        await picture(8, 8, 0.5).png().toBuffer(),
      ),
    );
    expect(others.map((answer) => 'transparent' in answer && answer.transparent)).toEqual([false, false, false, true]);
    expect(others.every((answer) => !('made' in answer))).toBe(true);
  });

  it('hashes files and pixels apart', async () => {
    const pixels = Uint8Array.from({ length: 192 }, (_, i) => (i * 7) & 255);
    const raw = sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } });
    const [png, webp] = await examiner().examine(
      asked(await encodePng(pixels, 8, 8), await raw.webp({ lossless: true }).toBuffer()),
    );
    const hashes = [png, webp].map((answer) => [...(answer as { hashes: Int32Array }).hashes]);
    expect(hashes[0]?.slice(2)).toEqual(hashes[1]?.slice(2));
    expect(hashes[0]?.slice(0, 2)).not.toEqual(hashes[1]?.slice(0, 2));
  });
});
