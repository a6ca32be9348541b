import type { Digest } from '../../core/digest.ts';
import { defineCodec } from '../codec.ts';

/** The source files of one stage kind. */
export interface CodeMeta {
  readonly kind: string;
  /** Digest of the kind's code, which can be computed again from the files. */
  readonly code: Digest;
  /** The file that the others are imported from; absent in artifacts of the first releases. */
  readonly entry?: string;
  /** Packages that the code imports, with their versions. */
  readonly packages: readonly string[];
}

export const codeCodec = defineCodec<CodeMeta>({
  type: 'code',
  versions: [
    (fields) => {
      const entry = fields.optional('entry', (each) => each.string('entry'));
      return {
        kind: fields.string('kind'),
        code: fields.digest('code'),
        ...(entry === undefined ? {} : { entry }),
        packages: fields.strings('packages'),
      };
    },
  ],
});
