import { CemiflowError } from '../core/errors.ts';

/** Formats of image files that sets hold, as their files are called. */
export type ImageKind = 'png' | 'jpg' | 'webp';

/** What an image file is by its first bytes; undefined for what no set may hold. */
export const imageKind = (bytes: Uint8Array): ImageKind | undefined => {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpg';
  return start.startsWith('RIFF') && start.endsWith('WEBP') && start.length === 12 ? 'webp' : undefined;
};

/** As `imageKind`. @throws CemiflowError `ImageInvalid` for bytes that do not start as JPEG, PNG or WebP do */
export const extensionOf = (bytes: Uint8Array): ImageKind => {
  const kind = imageKind(bytes);
  if (kind !== undefined) return kind;
  throw new CemiflowError('ImageInvalid', `an image must be JPEG, PNG or WebP, got ${bytes.length} other bytes`, {
    remedy: 'remove the image, or save it again as PNG or JPEG',
    data: { bytes: bytes.length },
  });
};
