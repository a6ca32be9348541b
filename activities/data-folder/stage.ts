import type { Digest } from '../../core/digest.ts';
import type { StageKind } from '../../core/stage.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import { folder } from '../../formats/folder/folder.ts';
import type { Links } from '../../formats/sources/disk.ts';

/** `schemas/stages/data-folder.schema.json` */
interface Params {
  readonly size: number;
  readonly minImages: number;
  readonly maxImages: number;
  readonly onBadFile: 'fail' | 'skip';
  readonly links: Links;
  readonly faces: 'real' | 'synthetic';
  readonly licence: string;
  readonly consent: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `data/folder`: takes a user's own photos in, scaled to one size. */
export const stage: StageKind<Params> = {
  run: async ({ faces, licence, consent, ...options }, context) => ({
    data: await importSet(
      {
        ...options,
        peopleShown: faces === 'real' ? 'real' : 'generated',
        facts: { origin: 'folder', faces, licence, consent },
      },
      () => ({
        format: folder,
        examiner: new Examiner(examining, { height: options.size, width: options.size, fit: 'cover' }),
      }),
      context,
    ),
  }),
};
