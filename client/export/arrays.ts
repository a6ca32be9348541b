import type { PutFile } from '../../artifacts/set-formats.ts';
import { getTensors } from '../../artifacts/tensors.ts';
import type { ArtifactRef, ArtifactType } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { encodeNpy, type NpyArray } from '../../formats/npy/index.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { writeFolder } from './folder.ts';

/** Artifacts whose arrays people load into numpy. */
const types: readonly ArtifactType[] = ['inquiries', 'centers', 'scores', 'benchmarks'];

const dtypes = { F32: 'float32', I32: 'int32', U8: 'uint8' } as const;

/**
 * Writes the arrays of an artifact as `.npy` files, one for each tensor: embeddings of inquiries, centers of identities, scores of
 * evaluations.
 *
 * @returns paths of the files within the folder
 * @throws CemiflowError `NoArrays`, `ExportExists`
 */
export const exportArrays = async (store: ArtifactStore, ref: ArtifactRef, target: string): Promise<string[]> => {
  const { files } = await store.getArtifact(ref);
  const stems = [
    ...new Set(files.flatMap(({ path }) => /^(.*?)(?:-\d{5}-of-\d{5})?\.safetensors$/.exec(path)?.[1] ?? [])),
  ];
  if (!types.includes(ref.type) || stems.length === 0)
    throw new CemiflowError('NoArrays', `${ref.type} ${ref.digest} holds no arrays for numpy`, {
      remedy: `name a node that made one of: ${types.join(', ')}; weights are safetensors, which "cemiflow get" fetches`,
      data: { digest: ref.digest, type: ref.type },
    });
  const written: string[] = [];
  await writeFolder(target, async (put) => {
    for (const stem of stems) {
      const tensors = await getTensors(store, { ref, files }, stem);
      for (const [name, tensor] of Object.entries(tensors)) {
        const path = stems.length === 1 ? `${name}.npy` : `${stem}/${name}.npy`;
        await putArray(put, path, tensor);
        written.push(path);
      }
    }
  });
  return written;
};

const putArray = async (put: PutFile, path: string, { dtype, shape, data }: SafeTensor): Promise<void> => {
  const known = dtypes[dtype as keyof typeof dtypes];
  if (known === undefined) return;
  const pieces: Buffer[] = [];
  for await (const piece of encodeNpy({ dtype: known, shape }, [data as NpyArray])) pieces.push(piece);
  await put(path, Buffer.concat(pieces));
};
