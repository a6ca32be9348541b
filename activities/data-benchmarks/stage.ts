import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import type { Outputs } from '../../core/action.ts';
import type { ArtifactRef, FileEntry } from '../../core/artifact.ts';
import { CemiflowError } from '../../core/errors.ts';
import type { ShardedStageKind } from '../../core/stage.ts';
import { photoVector } from '../../faces/photo.ts';
import { type BenchmarkSet, peopleOfSet, planSet, type SetRequest } from '../../faces/protocol.ts';
import { renderFace } from '../../faces/render.ts';

/** What the images of a set depend on. */
type SetParams = Omit<SetRequest, 'set'> & { readonly size: number };
type Params = SetParams & { readonly sets: BenchmarkSet[] };
/** A shard: one verification set. */
type Part = SetParams & { readonly set: BenchmarkSet };

/** `data/benchmarks`: draws verification sets, a shard each. */
export const stage: ShardedStageKind<Params, Part> = {
  async split({ sets, ...shared }) {
    const perFold = Math.floor(shared.identities / 10);
    // A fold has as many photos to choose from as it has same pairs; with one person in them no different pair exists.
    if (Math.min(perFold, shared.pairs / 20) < 2) {
      throw new CemiflowError(
        'BenchmarkTooSmall',
        'each of the ten folds must have at least two people and two same pairs',
        {
          remedy: 'ask for at least 40 pairs and 20 identities',
          data: { pairs: shared.pairs, identities: shared.identities },
        },
      );
    }
    return sets.map((set) => ({ ...shared, set }));
  },

  async runShard({ size, ...request }, context) {
    const { seed, store } = context;
    const { set } = request;
    const plan = planSet(seed, request);
    const writer = new DatasetWriter(store, { height: size, width: size, prefix: setPrefix(set) });
    let step = 0;
    for (const { identity, label, image, conditions } of plan.images) {
      const photo = photoVector(seed, identity, image, conditions);
      await writer.add({ identity: label, image, pixels: renderFace(identity, photo, size) });
      await context.progress({ phase: `draw ${set}`, step: ++step, steps: plan.images.length });
    }
    const files = [...(await writer.files()), await putPairs(store, set, plan, plan.images.length)];
    return {
      benchmarks: await putBenchmarks(store, files, {
        ...{ sets: [set], height: size, width: size },
        ...factsOf(seed, [set], request),
      }),
    };
  },

  async join({ size, sets, ...request }, parts, { seed, store }) {
    const files: FileEntry[] = [];
    for (const part of parts as readonly Outputs[]) {
      files.push(...(await store.getArtifact(part.benchmarks as ArtifactRef)).files);
    }
    const meta = { sets: [...sets], height: size, width: size, ...factsOf(seed, sets, request) };
    return { benchmarks: await putBenchmarks(store, files, meta) };
  },
};

type Asked = Pick<SetParams, 'pairs' | 'identities' | 'population' | 'overlap' | 'overlapWith'>;

/** What the manifest says of the sets beside their size. */
const factsOf = (seed: number, sets: readonly BenchmarkSet[], request: Asked) => ({
  ...({ origin: 'procedural', peopleShown: 'drawn' } as const),
  pairs: request.pairs,
  population: request.population,
  people: sets.flatMap((set) => peopleOfSet(seed, { ...request, set })),
});
