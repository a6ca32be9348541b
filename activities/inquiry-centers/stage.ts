import { centersCodec, readCenters } from '../../artifacts/codecs/centers.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { StageKind } from '../../core/stage.ts';
import { plural } from '../../core/words.ts';
import { saveInquiries } from '../../data/inquiries.ts';

/** `schemas/stages/inquiry-centers.schema.json` */
interface Params {
  readonly centers: ArtifactRef;
  readonly count: number;
}

/** `inquiry/centers`: identity centers as inquiries, vectors without images (CemiFace table 8). */
export const stage: StageKind<Params> = {
  async run({ centers: ref, count: asked }, { store }) {
    const artifact = await centersCodec.read(store, ref);
    const { identities: found, embeddingSize, recognizer } = artifact.meta;
    if (recognizer === undefined) throw recognizerUnknown(ref);
    const count = asked || found;
    if (count > found) throw tooFew(ref, asked, found);
    const { centers } = await readCenters(store, artifact);
    const set = {
      ...{ count, embeddingSize, origin: 'centers' as const, rows: new Int32Array() },
      embeddings: centers.slice(0, count * embeddingSize),
      identities: Int32Array.from({ length: count }, (_, center) => center),
      images: new Int32Array(count),
    };
    return { inquiries: await saveInquiries(store, set, { recognizer }) };
  },
};

const recognizerUnknown = ({ digest }: ArtifactRef): CemiflowError =>
  new CemiflowError('RecognizerUnknown', `centers ${digest} do not say which recognizer's embeddings they are of`, {
    remedy: 'run centers/compute again with this version of cemiflow',
    data: { centers: digest },
  });

const tooFew = ({ digest }: ArtifactRef, count: number, found: number): CemiflowError =>
  new CemiflowError(
    'TooFewInquiries',
    `${plural(count, 'inquiry', 'inquiries')} required, centers ${digest} are of ${plural(found, 'identity', 'identities')}`,
    { remedy: `set count to ${found} or less, or to 0 for all`, data: { count, found } },
  );
