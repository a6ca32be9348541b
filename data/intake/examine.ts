import sharp from 'sharp';
import { CemiflowError } from '../../core/errors.ts';
import { decodeImage, encodePng, type Image } from '../../formats/image.ts';
import { imageKind } from '../../formats/image-kind.ts';
import type { ListedImage } from '../../formats/image-set.ts';
import { PixelGate } from './gate.ts';
import { imageHashes } from './image-hashes.ts';

/** An image as it came in. */
export type Asked = Pick<ListedImage, 'bytes' | 'landmarks'>;

/** What is done to each image of a set, in the child process. */
export interface Examining<W> {
  /** Address of the module that exports this as `examining`: the child process loads it. */
  readonly url: string;
  /** Never rejects for an image that is at fault. */
  examine(image: Asked, wanted: W): Promise<Examined | Unusable>;
}

/** What images of a set must be. */
export interface Wanted {
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /**
   * `exact`: images of another size cannot be used. `cover`: they are scaled to cover the size, and what lies over its edges is cut
   * off on both sides alike.
   */
  readonly fit: 'exact' | 'cover';
}

/** An image that can be used. */
export interface Examined {
  /** A new file where the image had to be scaled or aligned; absent where the file that came in stays as it is. */
  readonly made?: Uint8Array;
  /** Whether pixels are transparent: decoding lays them on black. */
  readonly transparent: boolean;
  /** int32 [4]: 64 bits each of the digests of the file and of the decoded pixels */
  readonly hashes: Int32Array;
  /** Five points that were found in the photo, x1, y1, …, x5, y5, each a float32 number. */
  readonly landmarks?: readonly number[];
}

/** An image that cannot be used, and why: `is wholly transparent`. */
export interface Unusable {
  readonly fault: string;
}

const gate = new PixelGate();

/** Decodes one untrusted file whole and says whether a set can take it. Meant for a process whose crash harms nothing. */
const examine = async ({ bytes }: Asked, wanted: Wanted): Promise<Examined | Unusable> => {
  if (imageKind(bytes) === undefined) return { fault: 'is no PNG, JPEG or WebP' };
  try {
    return wanted.fit === 'exact'
      ? await asItIs(bytes, wanted)
      : await gate.pass(bytes, async () => settled(bytes, await decodeImage(bytes), wanted));
  } catch (error) {
    return unusable(error);
  }
};

/** An image of any other size is refused by its header, and not decoded. */
const asItIs = async (bytes: Uint8Array, wanted: Wanted): Promise<Examined | Unusable> => {
  try {
    return await settled(bytes, await decodeImage(bytes, { mostPixels: wanted.height * wanted.width }), wanted);
  } catch (error) {
    const { autoOrient: stated } = await sharp(bytes).metadata();
    return hasSize(stated, wanted) ? unusable(error) : otherSize(stated, wanted);
  }
};

const settled = async (bytes: Uint8Array, image: Image, wanted: Wanted): Promise<Examined | Unusable> => {
  const transparent = await transparency(bytes);
  if (transparent === 'wholly') return { fault: 'is wholly transparent' };
  const fits = hasSize(image, wanted);
  if (!fits && wanted.fit === 'exact') return otherSize(image, wanted);
  const kept = fits ? image.pixels : await cover(image, wanted);
  const made = fits ? undefined : await encodePng(kept, wanted.height, wanted.width);
  return { ...(made && { made }), transparent: transparent === 'partly', hashes: imageHashes(made ?? bytes, kept) };
};

interface Size {
  readonly height: number;
  readonly width: number;
}

const hasSize = (found: Size, wanted: Size): boolean => found.height === wanted.height && found.width === wanted.width;

/** What an error in decoding says of the image. */
export const unusable = (error: unknown): Unusable => ({
  fault:
    error instanceof CemiflowError
      ? ((error.data.why as string | undefined) ?? error.message)
      : (error as Error).message,
});

/** Takes images as they are. Stages import it, so that its code is part of their keys. */
export const examining: Examining<Wanted> = { url: import.meta.url, examine };

const otherSize = (found: Size, { height, width }: Size): Unusable => ({
  fault: `is ${found.height} × ${found.width} pixels, not ${height} × ${width}`,
});

/** Whether an image has transparent pixels. JPEG has none. */
export const transparency = async (bytes: Uint8Array): Promise<'none' | 'partly' | 'wholly'> => {
  if (imageKind(bytes) === 'jpg') return 'none';
  const { hasAlpha } = await sharp(bytes).metadata();
  if (!hasAlpha) return 'none';
  const { isOpaque, channels } = await sharp(bytes).stats();
  if (isOpaque) return 'none';
  return channels.at(-1)?.max === 0 ? 'wholly' : 'partly';
};

/** Scales to cover, centred. @returns uint8 RGB [height, width, 3] */
const cover = ({ pixels, ...from }: Image, { height, width }: Wanted): Promise<Buffer> =>
  sharp(pixels, { raw: { ...from, channels: 3 } })
    .resize(width, height, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
    .raw()
    .toBuffer();
