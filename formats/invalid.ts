import { CemiflowError, type JsonObject } from '../core/errors.ts';
import { printable } from '../core/printable.ts';

/** A fault in a file that somebody else wrote. */
export interface Fault {
  /** The format, as people call it: `RecordIO`, `pickle`. */
  readonly format: string;
  /** Path of the file, as the user knows it. */
  readonly file: string;
  /** Byte of the file at which the fault lies. */
  readonly offset: number;
  /** What is required and what was found. */
  readonly message: string;
  readonly remedy?: string;
  readonly data?: JsonObject;
  readonly cause?: unknown;
}

/** `FormatInvalid`: a file that is not what its format asks for. The file, the byte and the remedy are named; names from outside are made printable. */
export const formatInvalid = ({ format, file, offset, message, remedy, data, cause }: Fault): CemiflowError =>
  new CemiflowError('FormatInvalid', printable(`${file}: ${message} (${format}, byte ${offset})`), {
    remedy: remedy ?? 'fetch or write the file again: it is damaged, or is not of this format',
    data: { format, file, offset, ...data },
    cause,
  });
