import { defineCodec } from '../codec.ts';

/** Files that are nothing else: of a folder of code, or what a program of a user's own made. */
export interface FilesMeta {
  /** Paths of those that are programs. */
  readonly executable: readonly string[];
}

export const filesCodec = defineCodec<FilesMeta>({
  type: 'files',
  versions: [(fields) => ({ executable: fields.strings('executable') })],
});
