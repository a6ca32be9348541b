import type { PeopleShown } from '../../artifacts/codecs/dataset.ts';
import type { Digest } from '../../core/digest.ts';
import type { StageKind } from '../../core/stage.ts';
import { examining } from '../../data/intake/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import { formatOf } from '../../formats/sets.ts';
import type { Links } from '../../formats/sources/disk.ts';

/** `schemas/stages/data-import.schema.json` */
interface Params {
  /** `auto`, or the name of a format. */
  readonly format: string;
  readonly size: number;
  readonly fit: 'exact' | 'cover';
  readonly minImages: number;
  readonly maxImages: number;
  readonly onBadFile: 'fail' | 'skip';
  readonly links: Links;
  readonly people: PeopleShown;
  readonly licence: string;
  readonly source: string;
  readonly consent: string;
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
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
