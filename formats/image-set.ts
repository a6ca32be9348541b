import type { Source, SourceFile } from './source.ts';

/**
 * Where an image lies in a source: the file's index in `Source.files`, and two numbers that only the format understands, such as
 * the offset and the length, or the row group and the row.
 */
export type Place = readonly [file: number, first: number, second: number];

/** An image of a set as its format lists it. `bytes` is the encoded file, JPEG as a rule, exactly as it was stored. */
export interface ListedImage {
  /** The label: a whole number from 0, or the name of the identity. One set has one kind alone. */
  readonly identity: number | string;
  readonly place: Place;
  readonly bytes: Uint8Array;
  /** Five points of the face in the photo, x1, y1, …, x5, y5, in pixels; absent where the format has none. */
  readonly landmarks?: readonly number[];
}

/** An entry that cannot be an image, which the set may have to do without. */
export interface BadEntry {
  readonly place: Place;
  readonly fault: string;
  /** Whose it would be, where that is known: an identity all of whose entries are bad must not vanish without a word. */
  readonly identity?: number | string;
}

/** One format of image sets. Reads are sequential and bounded: no set has to fit into memory. */
export interface ImageSetFormat {
  /** As specs name it: `recordio`. */
  readonly name: string;
  /** Whether the files look like this format, by their names alone. */
  matches(files: readonly SourceFile[]): boolean;
  /**
   * All images, in the order in which they lie in the source.
   *
   * @throws CemiflowError `FormatInvalid` with file and byte where the file cannot be read on
   */
  list(source: Source): AsyncIterable<ListedImage | BadEntry>;
  /** Images again, in the order of `places`. @throws CemiflowError `FormatInvalid` */
  read(source: Source, places: readonly Place[]): AsyncIterable<Uint8Array>;
  /** Identities that the source has a place for and no file of; absent where the format knows no such thing. */
  emptyIdentities?(source: Source): readonly string[];
  /** How messages call a place: `train.rec, record at byte 4096`. */
  nameOf(source: Source, place: Place): string;
}

/** Most bytes of one encoded image; larger ones are refused before they are read. */
export const maxImageBytes = 64 * 2 ** 20;
