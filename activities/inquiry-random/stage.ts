import { recognizerOf } from '../../artifacts/codecs/recognizer.ts';
import { weightsCodec } from '../../artifacts/codecs/weights.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { normalStream, randomStream } from '../../core/random.ts';
import type { StageKind } from '../../core/stage.ts';
import { saveInquiries } from '../../data/inquiries.ts';
import { unitRows } from '../../metrics/centers.ts';

/** `schemas/stages/inquiry-random.schema.json` */
interface Params {
  readonly recognizer: ArtifactRef;
  readonly count: number;
}

/** `inquiry/random`: random directions as inquiries, vectors without images (CemiFace table 8). */
export const stage: StageKind<Params> = {
  async run({ recognizer, count }, { seed, store }) {
    const { config } = recognizerOf(await weightsCodec.read(store, recognizer));
    const embeddingSize = config.embedding;
    const numbers = Int32Array.from({ length: count }, (_, i) => i);
    const set = {
      ...{ count, embeddingSize, origin: 'random' as const, rows: new Int32Array() },
      embeddings: randomUnitRows(seed, count, embeddingSize),
      identities: numbers,
      images: new Int32Array(count),
    };
    return { inquiries: await saveInquiries(store, set, { recognizer: recognizer.digest }) };
  },
};

/**
 * Directions that are uniform on the sphere: normal vectors divided by their length. Row i depends on seed and i alone.
 *
 * @returns float32 [count, size], unit rows
 */
const randomUnitRows = (seed: number, count: number, size: number): Float32Array => {
  const rows = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const normal = normalStream(randomStream(seed, 'random inquiry', i));
    for (let k = 0; k < size; k++) rows[i * size + k] = normal();
  }
  return unitRows(rows, size);
};
