import type { StageKind } from '../../core/stage.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import type { SetParams } from '../../data/intake/params.ts';
import { formatOf } from '../../formats/sets.ts';

/** `schemas/stages/data-import.schema.json` */
interface Params extends SetParams {
  /** `auto`, or the name of a format. */
  readonly format: string;
  readonly fit: 'exact' | 'cover';
}

/** `data/import`: takes a set of aligned face images in, in any format of the field, each image as the file that it is. */
export const stage: StageKind<Params> = {
  run: async ({ format, fit, people, licence, source, consent, ...options }, context) => ({
    data: await importSet(
      { ...options, peopleShown: people, facts: { origin: 'import', licence, source, consent } },
      (opened) => ({
        format: formatOf(opened, format),
        examiner: new Examiner(examining, { height: options.size, width: options.size, fit }),
      }),
      context,
    ),
  }),
};
