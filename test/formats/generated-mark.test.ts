import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { markSource, sourceTypes } from '../../formats/generated-mark.ts';
import { decodeImage, encodePng } from '../../formats/image.ts';

const pixels = Uint8Array.from({ length: 9 * 7 * 3 }, (_, i) => (i * 37) & 255);
const raw = () => sharp(pixels, { raw: { width: 7, height: 9, channels: 3 } });
const clear = () =>
  sharp({ create: { width: 5, height: 4, channels: 4, background: { r: 9, g: 8, b: 7, alpha: 0.5 } } });

describe('markSource', () => {
  it.each([
    ['PNG', () => encodePng(pixels, 9, 7)],
    ['JPEG', () => raw().jpeg().toBuffer()],
    ['JPEG with EXIF', () => raw().jpeg().withMetadata({ orientation: 3 }).toBuffer()],
    ['lossy WebP', () => raw().webp().toBuffer()],
    ['lossless WebP', () => raw().webp({ lossless: true }).toBuffer()],
    ['WebP with transparency', () => clear().webp().toBuffer()],
    [
      'extended WebP',
      () =>
        raw()
          .webp()
          .withExif({ IFD0: { Artist: 'a' } })
          .toBuffer(),
    ],
  ])('says in a %s that it was generated, and leaves its pixels alone', async (_, make) => {
    const plain = await make();
    const marked = await markSource(plain, 'generated');
    const { xmp } = await sharp(marked).metadata();
    expect(xmp?.toString()).toContain(`Iptc4xmpExt:DigitalSourceType="${sourceTypes.generated}"`);
    expect(await decodeImage(marked)).toEqual(await decodeImage(plain));
    expect(await markSource(plain, 'generated')).toEqual(marked);
  });

  it('tells drawn images from generated ones', async () => {
    const { xmp } = await sharp(await markSource(await encodePng(pixels, 9, 7), 'drawn')).metadata();
    expect(xmp?.toString()).toContain('/algorithmicMedia"');
  });
});
