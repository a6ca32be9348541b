import type { Outputs } from '../core/action.ts';
import type { ArtifactRef } from '../core/artifact.ts';
import type { KnownFacts } from '../spec/estimate.ts';
import type { Store } from '../store/index.ts';

/** Numbers that the manifests of an action's outputs hold, by output. */
export const factsIn = async (
  outputs: Outputs,
  store: Pick<Store, 'getArtifact'>,
): Promise<{ [output: string]: KnownFacts }> =>
  Object.fromEntries(
    await Promise.all(Object.entries(outputs).map(async ([name, ref]) => [name, await factsOf(ref, store)] as const)),
  );

/** Numbers that the manifest of a stored artifact holds. */
const factsOf = async (ref: ArtifactRef, store: Pick<Store, 'getArtifact'>): Promise<KnownFacts> => {
  const { meta, files } = await store.getArtifact(ref);
  const named = ['images', 'identities', 'height', 'width'].flatMap((fact) => {
    const value = meta[fact];
    return typeof value === 'number' ? [[fact, value] as const] : [];
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const facts: KnownFacts = Object.fromEntries(named);
  const images = facts.images ?? imagesOfSets(meta.counts);
  return { bytes, ...facts, ...(images !== undefined && { images }) };
};

/** Images of verification sets that were taken in: their manifest counts them by set. */
const imagesOfSets = (counts: unknown): number | undefined => {
  if (typeof counts !== 'object' || counts === null) return undefined;
  const each = Object.values(counts).map((count) => (count as { readonly images?: unknown } | null)?.images);
  return each.every((images) => typeof images === 'number') ? each.reduce((a: number, b) => a + b, 0) : undefined;
};
