import type { StageKind } from '../../core/stage.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import type { SetParams } from '../../data/intake/params.ts';
import { folder } from '../../formats/folder/folder.ts';

/** `schemas/stages/data-folder.schema.json` */
interface Params extends Omit<SetParams, 'people' | 'source'> {
  readonly faces: 'real' | 'synthetic';
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
