import type { Digest } from '../../core/digest.ts';
import { placeOf, type StageKind } from '../../core/stage.ts';
import { importRecognizer, type RecognizerFile } from '../../training/import/recognizer.ts';
import { requireUnchanged } from '../../training/import/unchanged.ts';

/** `schemas/stages/recognizer-import.schema.json` */
interface Params extends RecognizerFile {
  /** Filled in when the experiment is planned. */
  readonly content?: Digest;
}

/** `recognizer/import`: takes in weights that somebody else trained. */
export const stage: StageKind<Params> = {
  async run({ content, ...how }, context) {
    const path = placeOf(context, 'path');
    return { weights: await importRecognizer(path, how, context, () => requireUnchanged(path, content)) };
  },
};
