import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng } from '../../formats/image.ts';
import { imageKind } from '../../formats/image-kind.ts';

const pixels = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => (i * 37) & 255);
const colour = { r: 10, g: 200, b: 30 };
const solid = (options: object) =>
  sharp({ create: { width: 4, height: 2, channels: 3, background: colour, ...options } });

describe('encodePng', () => {
  it('is lossless, deterministic and without metadata', async () => {
    const png = await encodePng(pixels, 5, 7);
    expect(await encodePng(pixels, 5, 7)).toEqual(png);
    expect(await decodeImage(png)).toEqual({ pixels: Buffer.from(pixels), height: 5, width: 7 });
    expect(png.toString('latin1')).not.toMatch(/tEXt|iTXt|zTXt|tIME|eXIf|iCCP/);
  });

  it('refuses pixels that do not fill the image', async () => {
    await expect(encodePng(pixels, 5, 8)).rejects.toMatchObject({ code: 'ImageInvalid' });
  });
});

describe('decodeImage', () => {
  it('gives RGB whatever the file holds: grey, 16 bits, palette, CMYK', async () => {
    const grey = await solid({ background: '#808080' }).toColourspace('b-w').png().toBuffer();
    expect([...(await decodeImage(grey)).pixels.subarray(0, 3)]).toEqual([128, 128, 128]);
    const deep = await solid({}).toColourspace('rgb16').png().toBuffer();
    const palette = await solid({}).png({ palette: true }).toBuffer();
    for (const bytes of [deep, palette]) {
      const image = await decodeImage(bytes);
      expect([image.height, image.width, image.pixels.length]).toEqual([2, 4, 24]);
      expect([...image.pixels.subarray(0, 3)]).toEqual([10, 200, 30]);
    }
    const cmyk = await solid({}).toColourspace('cmyk').jpeg().toBuffer();
    expect((await decodeImage(cmyk)).pixels.length).toBe(24);
  });

  it('lays transparent pixels on black', async () => {
    const clear = { channels: 4, background: { ...colour, alpha: 0.2 } };
    for (const bytes of [await solid(clear).png().toBuffer(), await solid(clear).webp({ lossless: true }).toBuffer()])
      expect([...(await decodeImage(bytes)).pixels.subarray(0, 3)]).toEqual([2, 40, 6]);
  });

  it('turns photographs upright', async () => {
    const sideways = await solid({}).withExif({}).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeImage(sideways)).toMatchObject({ height: 4, width: 2 });
  });

  it('refuses what is no image, is cut off, or would decode to too many pixels', async () => {
    const png = await encodePng(pixels, 5, 7);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"/>');
    const huge = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: 'black' } })
      .png()
      .toBuffer();
    for (const bytes of [Buffer.alloc(0), svg, png.subarray(0, png.length - 30), huge]) {
      await expect(decodeImage(bytes)).rejects.toMatchObject({ code: 'ImageInvalid' });
    }
  });
});

describe('imageKind', () => {
  it('goes by the first bytes alone', async () => {
    const kinds = [solid({}).png(), solid({}).jpeg(), solid({}).webp(), solid({}).gif()].map((image) =>
      image.toBuffer(),
    );
    expect((await Promise.all(kinds)).map((bytes) => imageKind(bytes))).toEqual(['png', 'jpg', 'webp', undefined]);
    expect(imageKind(Buffer.from('RIFF1234WEB'))).toBeUndefined();
  });
});
