import sharp from 'sharp';
import { CemiflowError } from '../core/errors.ts';
import { imageKind } from './image-kind.ts';

// Many small images are processed concurrently; threads within one image only add overhead.
sharp.concurrency(1);
sharp.cache(false);

/** An image in memory. `pixels` is uint8 RGB [height, width, 3], row-major. */
export interface Image {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

const maxPixels = 64_000_000;

/** @param pixels uint8 RGB [height, width, 3] @returns a PNG without metadata; equal pixels give equal bytes */
export const encodePng = async (pixels: Uint8Array, height: number, width: number): Promise<Buffer> => {
  if (pixels.length !== height * width * 3) {
    throw new CemiflowError(
      'ImageInvalid',
      `an RGB image of ${height} × ${width} needs ${height * width * 3} bytes, got ${pixels.length}`,
      { remedy: 'pass uint8 RGB pixels, row by row', data: { height, width, bytes: pixels.length } },
    );
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6, adaptiveFiltering: true, palette: false, progressive: false })
    .toBuffer();
};

/**
 * Decodes PNG, JPEG or WebP: rotated upright by its EXIF orientation, converted to sRGB, transparent pixels laid on black. Other formats never reach sharp, which would also
 * accept SVG and others that can reference further files.
 *
 * @param options.upright default true; false: pixels as they are stored, whatever the orientation
 * @param options.mostPixels most pixels, which are counted before anything is decoded; default 64 million
 * @throws CemiflowError `ImageInvalid` for bytes that are no image, are damaged, or would decode to more pixels
 */
export const decodeImage = async (
  bytes: Uint8Array,
  { upright = true, mostPixels = maxPixels }: { readonly upright?: boolean; readonly mostPixels?: number } = {},
): Promise<Image> => {
  if (imageKind(bytes) === undefined) throw undecodable(bytes, 'it is no PNG, JPEG or WebP');
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPixels, failOn: 'warning', autoOrient: upright })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, height: info.height, width: info.width };
  } catch (cause) {
    throw undecodable(bytes, (cause as Error).message, cause);
  }
};

const undecodable = (bytes: Uint8Array, why: string, cause?: unknown): CemiflowError =>
  new CemiflowError('ImageInvalid', `cannot decode an image of ${bytes.length} bytes: ${why}`, {
    remedy: 'remove the file or save it again as PNG or JPEG',
    data: { bytes: bytes.length, why },
    cause,
  });
