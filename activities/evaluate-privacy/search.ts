import type { StoredImages, StoredNearest } from '../../artifacts/scores.ts';
import type { ImageSet } from '../../data/images.ts';
import type { CopyRecipe } from '../../data/loader/copies.ts';
import { Centers } from '../../metrics/centers.ts';
import { nearestRows } from '../../nn/nearest.ts';
import { type BlockOptions, embedBlocks } from '../../training/embed-blocks.ts';
import type { InputContext } from '../../training/input.ts';
import type { Embeds } from './remembered.ts';

/** The real people in whom probes are searched. */
export interface Gallery {
  /** float32 [N, D], unit rows: the mean of each person's embeddings */
  readonly centers: Float32Array;
  /** int32 [N], the identity of each row */
  readonly identities: Int32Array;
}

/** Some images of a set. */
export interface Probes {
  readonly set: ImageSet;
  readonly rows: Int32Array;
}

type Input = InputContext<CopyRecipe>;

/** Enrols every person with all of their images. */
export const enrol = async (embedder: Embeds, set: ImageSet, input: Input): Promise<Gallery> => {
  const centers = new Centers(set.classes, embedder.size);
  await embedBlocks(embedder, set, input, { phase: 'embed the gallery' }, (rows, embeddings) =>
    centers.add(set.labels, rows, embeddings),
  );
  return { centers: centers.unit(), identities: identitiesOf(set) };
};

/** Finds the nearest of the gallery for each identity, by the mean of its embeddings, and for each image. */
export const search = async (
  embedder: Embeds,
  { set, rows }: Probes,
  gallery: Gallery,
  input: Input,
  options: Omit<BlockOptions, 'rows'>,
): Promise<{ readonly identities: StoredNearest; readonly images: StoredImages }> => {
  const { size } = embedder;
  const probes = new Centers(set.classes, size);
  const similarity = new Float32Array(rows.length);
  let done = 0;
  await embedBlocks(embedder, set, input, { ...options, rows }, (block, embeddings) => {
    probes.add(set.labels, block, embeddings);
    similarity.set(nearestRows(embeddings, gallery.centers, size).cosine, done);
    done += block.length;
  });
  const { row, cosine } = nearestRows(probes.unit(), gallery.centers, size);
  return {
    identities: {
      identity: identitiesOf(set),
      nearest: row.map((at) => gallery.identities[at] as number),
      similarity: cosine,
    },
    images: {
      similarity,
      identity: rows.map((at) => set.identities[at] as number),
      image: rows.map((at) => set.images[at] as number),
    },
  };
};

/** The identity of each class. */
const identitiesOf = ({ identities, labels, classes }: ImageSet): Int32Array => {
  const found = new Int32Array(classes);
  labels.forEach((label, row) => {
    found[label] = identities[row] as number;
  });
  return found;
};
