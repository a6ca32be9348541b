import { familyFields, readWeights, weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { StageKind } from '../../core/stage.ts';
import { Examiner } from '../../data/intake/examiner.ts';
import { importSet } from '../../data/intake/import-set.ts';
import type { SetParams } from '../../data/intake/params.ts';
import { rawPhotos } from '../../formats/landmarks/photos.ts';
import type { Choice } from './choose.ts';
import { examining } from './examine.ts';

/** `schemas/stages/data-detect.schema.json` */
interface Params extends SetParams {
  readonly detector: ArtifactRef;
  readonly minFace: number;
  readonly face: Choice;
}

/** How long photos of one question may take: they are found at a rate of a few each second, on a busy machine of one. */
const patienceMs = 300_000;

/** `data/detect`: finds the face in each raw photo, and cuts it out. */
export const stage: StageKind<Params> = {
  async run({ detector: ref, face, minFace, people, licence, source, consent, ...options }, context) {
    const { store } = context;
    const weights = await weightsCodec.read(store, ref);
    familyFields(weights, 'mtcnn');
    const detector = await readWeights(store, weights);
    const wanted = { height: options.size, width: options.size, minFace, face, detector };
    const alignment = { landmarks: 'detected', landmarksOn: 'upright', minFace, face, detector: ref.digest };
    const data = await importSet(
      { ...options, peopleShown: people, facts: { origin: 'detect', licence, source, consent, alignment } },
      () => ({ format: rawPhotos, examiner: new Examiner(examining, wanted, { patienceMs }) }),
      context,
    );
    return { data };
  },
};
