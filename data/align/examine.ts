import { decodeImage, encodePng } from '../../formats/image.ts';
import { imageKind } from '../../formats/image-kind.ts';
import { type Asked, type Examined, type Examining, transparency, type Unusable, unusable } from '../intake/examine.ts';
import { PixelGate } from '../intake/gate.ts';
import { imageHashes } from '../intake/image-hashes.ts';
import { type AlignOptions, alignFace } from './align.ts';

/** How photos are aligned by landmarks that came with them. */
export interface WantedAlignment extends AlignOptions {
  /** What the landmarks refer to: the photo turned upright by its EXIF orientation, or its pixels as they are stored. */
  readonly landmarksOn: 'upright' | 'stored';
}

const gate = new PixelGate();

/** Decodes one untrusted photo and aligns it. */
const examine = async ({ bytes, landmarks }: Asked, wanted: WantedAlignment): Promise<Examined | Unusable> => {
  if (landmarks === undefined) return { fault: 'has no landmarks' };
  if (imageKind(bytes) === undefined) return { fault: 'is no PNG, JPEG or WebP' };
  try {
    return await gate.pass(bytes, async () => {
      const transparent = await transparency(bytes);
      if (transparent === 'wholly') return { fault: 'is wholly transparent' };
      const photo = await decodeImage(bytes, { upright: wanted.landmarksOn === 'upright' });
      const pixels = alignFace(photo, landmarks, wanted);
      if ('fault' in pixels) return pixels;
      const made = await encodePng(pixels, wanted.height, wanted.width);
      return { made, transparent: transparent === 'partly', hashes: imageHashes(made, pixels) };
    });
  } catch (error) {
    return unusable(error);
  }
};

/** Aligns photos by their landmarks. Stages import it, so that its code is part of their keys. */
export const examining: Examining<WantedAlignment> = { url: import.meta.url, examine };
