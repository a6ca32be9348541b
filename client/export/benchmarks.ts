import { benchmarksCodec, type Pairs, readPairs, setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { exportedSamples } from '../../artifacts/export-set.ts';
import { shardsOf } from '../../artifacts/shards.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ArtifactStore } from '../../core/stage.ts';
import { type VerificationSet, writeBin } from '../../formats/bin/index.ts';
import { contiguousFold } from '../../formats/pairs/index.ts';
import { writeFolder } from './folder.ts';

const folds = 10;

/**
 * Writes each verification set as InsightFace packs it: `lfw.bin`. Image files stay as they are; drawn and generated ones say in their
 * metadata that they are. A `.bin` has no folds of its own, so that pairs are written fold by fold. Memory holds one set.
 *
 * @param target a folder that is empty or does not exist yet
 * @throws CemiflowError `NoPairs` where there is no verification set, or one whose folds are not ten equal parts; `ExportExists`
 */
export const exportBenchmarks = async (store: ArtifactStore, ref: ArtifactRef, target: string): Promise<void> => {
  if (ref.type !== 'benchmarks') throw noPairs(ref, 'it is no set of benchmarks');
  const artifact = await benchmarksCodec.read(store, ref);
  const { sets, peopleShown } = artifact.meta;
  if (sets.length === 0) throw noPairs(ref, 'it holds templates alone, which no .bin can hold');
  await writeFolder(target, async (put) => {
    for (const set of sets) {
      const images: Uint8Array[] = [];
      const shards = shardsOf(artifact.files, setPrefix(set));
      for await (const { bytes } of exportedSamples(store, shards, { peopleShown })) images.push(bytes);
      const pairs = inFolds(await readPairs(store, artifact, set, images.length));
      if (pairs === undefined) throw noPairs(ref, `the folds of ${set} are not ten equal parts, as a .bin has them`);
      await put(`${set}.bin`, Buffer.concat([...writeBin(verificationSet(pairs, images))]));
    }
  });
};

/** Numbers of the pairs, fold by fold; undefined where folds are not those that a `.bin` implies. */
const inFolds = (pairs: Pairs): readonly { left: number; right: number; same: boolean }[] | undefined => {
  const { left, right, same, fold } = pairs;
  const order = [...fold.keys()].sort((a, b) => (fold[a] as number) - (fold[b] as number) || a - b);
  if (order.some((pair, i) => fold[pair] !== contiguousFold(i, order.length, folds))) return undefined;
  return order.map((i) => ({ left: left[i] as number, right: right[i] as number, same: same[i] === 1 }));
};

const verificationSet = (
  pairs: readonly { left: number; right: number; same: boolean }[],
  images: readonly Uint8Array[],
): VerificationSet => ({
  images: pairs.flatMap(({ left, right }) => [images[left] as Uint8Array, images[right] as Uint8Array]),
  same: pairs.map(({ same }) => same),
});

const noPairs = ({ type, digest }: ArtifactRef, reason: string): CemiflowError =>
  new CemiflowError('NoPairs', `${type} ${digest} cannot be written as .bin files: ${reason}`, {
    remedy: 'name a node that made benchmarks, or give --format folder, npy or another',
    data: { digest, type },
  });
