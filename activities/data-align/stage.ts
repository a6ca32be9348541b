import type { JsonObject } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { examining } from '../../data/align/examine.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import type { SetParams } from '../../data/intake/params.ts';
import { landmarkedPhotos } from '../../formats/landmarks/photos.ts';

/** `schemas/stages/data-align.schema.json` */
interface Params extends SetParams {
  /** `auto`, or the path of a list in the folder. */
  readonly landmarks: string;
  readonly landmarksOn: 'upright' | 'stored';
  readonly minFace: number;
}

/** Rows of a list without a photo that the manifest names; all are counted. */
const named = 20;

/** `data/align`: cuts faces out of raw photos by landmarks that are given, with the same bytes on every machine. */
export const stage: StageKind<Params> = {
  run: async ({ landmarks, landmarksOn, minFace, people, licence, source, consent, ...options }, context) => ({
    data: await importSet(
      {
        ...options,
        peopleShown: people,
        facts: { origin: 'align', licence, source, consent, alignment: { landmarks: 'given', landmarksOn, minFace } },
      },
      async (opened) => {
        const { format, unused } = await landmarkedPhotos(opened, landmarks);
        const wanted = { height: options.size, width: options.size, minFace, landmarksOn };
        return { format, examiner: new Examiner(examining, wanted), found: unusedFacts(unused) };
      },
      context,
    ),
  }),
};

const unusedFacts = (unused: readonly string[]): JsonObject =>
  unused.length === 0 ? {} : { unusedLandmarks: { count: unused.length, files: unused.slice(0, named) } };
