import sharp from 'sharp';
import { identityVector } from '../../faces/identity.ts';
import { photoVector } from '../../faces/photo.ts';
import { renderFace } from '../../faces/render.ts';

/** One image of a generated pack. */
export interface MadeImage {
  readonly identity: number;
  /** Number of the image within its identity. */
  readonly image: number;
  /** A JPEG of 112 px. */
  readonly bytes: Uint8Array;
}

const size = 112;
export const imagesEach = 50;
/** Photos that are drawn; all others are variants of them. */
const drawn = 500;
/** Entries of the luminance quantisation table that a variant changes, in zigzag order: low frequencies, which no photo lacks. */
const varied = [0, 1, 2, 3, 4, 5];

/**
 * Drawn faces as JPEGs of about 5 KB, 50 an identity. No two have the same bytes or pixels: each of 500 photos has a quantisation
 * table of its own in every variant, which costs no encoding.
 *
 * @param count at most 500 · 4^6
 */
export async function* madeImages(count: number): AsyncGenerator<MadeImage> {
  const photos: Buffer[] = [];
  for (let i = 0; i < Math.min(drawn, count); i++) photos.push(await drawPhoto(i));
  for (let i = 0; i < count; i++) {
    const bytes = variant(photos[i % drawn] as Buffer, Math.floor(i / drawn));
    yield { identity: Math.floor(i / imagesEach), image: i % imagesEach, bytes };
  }
}

const drawPhoto = (i: number): Promise<Buffer> => {
  const identity = identityVector(1, i);
  const pixels = renderFace(identity, photoVector(1, identity, 0), size);
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
};

const variant = (photo: Buffer, number: number): Buffer => {
  const bytes = Buffer.from(photo);
  // Marker, length, and number of the table: 64 entries follow.
  const table = bytes.indexOf(Buffer.of(0xff, 0xdb)) + 5;
  for (const [digit, entry] of varied.entries()) {
    const at = table + entry;
    bytes[at] = (bytes[at] as number) + ((number >> (2 * digit)) & 3);
  }
  return bytes;
};
