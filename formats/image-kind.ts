import { CemiflowError } from '../core/errors.ts';

/**
 * The extension that an encoded image's name must have.
 *
 * @throws CemiflowError `ImageInvalid` for bytes that do not start as JPEG, PNG or WebP do
 */
export const extensionOf = (bytes: Uint8Array): 'jpg' | 'png' | 'webp' => {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'jpg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^RIFF.{4}WEBP/s.test(start)) return 'webp';
  throw new CemiflowError('ImageInvalid', `an image must be JPEG, PNG or WebP, got ${bytes.length} other bytes`, {
    remedy: 'remove the image, or save it again as PNG or JPEG',
    data: { bytes: bytes.length },
  });
};
