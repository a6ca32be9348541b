/** One image of one identity, as a file: PNG, JPEG or WebP, which is kept and written as it is. */
export interface EncodedSample {
  /** Whole number from 0. */
  readonly identity: number;
  /** Number of the image within its identity, from 0. */
  readonly image: number;
  readonly bytes: Uint8Array;
}

/** A number with leading zeros. */
export const digits = (value: number, width: number): string => `${value}`.padStart(width, '0');

/** How files call a sample, without an extension: `000012/0003`. */
export const sampleName = ({ identity, image }: Pick<EncodedSample, 'identity' | 'image'>): string =>
  `${digits(identity, 6)}/${digits(image, 4)}`;
