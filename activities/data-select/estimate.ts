import type { EstimateStage } from '../../core/estimate.ts';

interface Params {
  readonly sets: readonly { readonly artifact: object }[];
}

/** The chosen one is like the first, as sets of one matrix mostly are; its files are there already. */
export const estimate: EstimateStage<Params> = ({ sets: [first] }, { fact }) => {
  const facts = ['images', 'identities', 'height', 'width', 'imageSize'].map(
    (name) => [name, () => fact(first?.artifact, name)] as const,
  );
  return { outputs: { data: { facts: Object.fromEntries(facts), bytes: 0 } } };
};
