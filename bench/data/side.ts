/** Does one piece of work on a generated set, and says how long it took and how much memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stage as importStage } from '../../activities/data-import/stage.ts';
import { stage as subsetStage } from '../../activities/data-subset/stage.ts';
import { datasetCodec } from '../../artifacts/codecs/dataset.ts';
import { shardsOf, unpackShard } from '../../artifacts/shards.ts';
import { getTensors, putTensors } from '../../artifacts/tensors.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import { noCheckpoints } from '../../core/checkpoint.ts';
import type { JsonObject } from '../../core/errors.ts';
import { permutation } from '../../core/random.ts';
import type { StageContext } from '../../core/stage.ts';
import type { Augmentation } from '../../data/augment/augment.ts';
import { maker as augmented } from '../../data/loader/augmented.ts';
import { BatchReader, Stall } from '../../data/loader/batches.ts';
import { loadDataset } from '../../data/loader/load.ts';
import { startThreads } from '../../data/loader/workers.ts';
import { webdatasetShards } from '../../formats/webdataset/index.ts';
import { Facts } from '../../provenance/findings/facts.ts';
import { FolderObjects } from '../../store/folder.ts';
import { Store } from '../../store/index.ts';
import { Scratch } from '../../threads/scratch.ts';
import { peakMemoryOf } from '../process.ts';
import { serve, timed } from '../serve.ts';
import { ChildPeak } from './peak.ts';

/** Where a set lies: a pack to import, and a store that is a folder. */
interface Request {
  readonly work: string;
  readonly pack: string;
  readonly store: string;
}

interface Work {
  readonly context: StageContext;
  readonly store: Store;
  readonly pack: string;
  /** The set that lies in the store. */
  set(): ArtifactRef;
}

const defaults = {
  ...({ format: 'auto', size: 112, fit: 'exact', minImages: 1, maxImages: 0, onBadFile: 'fail' } as const),
  ...({ links: 'inside', people: 'drawn', licence: '', source: '', consent: '' } as const),
};

/** Batches of 128, as training reads them. */
const batches = 200;
const batchImages = 128;
const budgetBytes = 256 * 2 ** 20;
const augment: Augmentation = { cropScale: [0.9, 1], flip: 0.5, jitter: 0.1, erase: 0.5, eraseScale: [0.02, 0.1] };

/** Each returns what it found, for a reader to check, and images that it read if these are not all of the set. */
const works: { readonly [name: string]: (work: Work) => Promise<JsonObject> } = {
  import: async ({ context, pack, store }) => {
    const { data } = await importStage.run(defaults, { ...context, places: { path: pack } });
    const { meta } = await store.getArtifact(data as ArtifactRef);
    return { images: meta.images as number, identities: meta.identities as number };
  },
  /** As training does it: images on disk beyond the budget, and shuffled batches of them. */
  load: async ({ store, set }) => {
    const scratch = new Scratch();
    const workers = startThreads(augmented);
    try {
      const decode = (job: Parameters<typeof workers.decode>[0]) => workers.decode(job);
      const images = await loadDataset(store, set(), { scratch, budgetBytes, decode });
      const order = permutation(images.count, 1, 'epoch', 0);
      const planOf = (step: number) => {
        const from = (step * batchImages) % (images.count - batchImages);
        const rows = order.slice(from, from + batchImages);
        return { recipe: { rows, augment, seed: 1, epoch: 0 } };
      };
      let read = 0;
      const seconds = await timed(async () => {
        const reader = new BatchReader(workers, images, planOf, { from: 0, to: batches, stall: new Stall() });
        for (let i = 0; i < batches; i++) read += (await reader.next()).images.length / (112 * 112 * 3);
      });
      return { images: images.count, batchImagesPerSecond: Math.round(read / seconds) };
    } finally {
      await workers.close();
      await scratch.close();
    }
  },
  /** The audit's search for images of benchmarks in a set; the first shard stands for the benchmarks. */
  audit: async ({ store, set }) => {
    const { meta, files } = await datasetCodec.read(store, set());
    const { height, width, images } = meta;
    const counts = { height, width, images, identities: meta.identities };
    const unseen = await datasetCodec.write(store, { ...counts, peopleShown: 'drawn' }, shardsOf(files).slice(0, 1));
    const { count } = await new Facts(store).images(unseen, set());
    return { images, shared: count };
  },
  /** Ten images of each identity. */
  subset: async ({ context, store, set }) => {
    const { meta } = await store.getArtifact(set());
    const params = { data: set(), group: null, identities: 0, images: 10, draw: 'random' } as const;
    const { data } = await subsetStage.run(params, context);
    const taken = (await store.getArtifact(data as ArtifactRef)).meta.images as number;
    return { images: meta.images as number, taken };
  },
  /** Shards of WebDataset, which are not kept. */
  export: async ({ store, set }) => {
    const { meta, files } = await datasetCodec.read(store, set());
    let bytes = 0;
    async function* samples() {
      for (const { path, digest } of shardsOf(files)) yield* unpackShard(await store.getBlob(digest), path);
    }
    for await (const shard of webdatasetShards(samples())) bytes += shard.bytes.length;
    return { images: meta.images, bytes };
  },
  /** The kernel of 200,000 classes in 512 dimensions. */
  head: async ({ store }) => {
    const shape = [512, 200_000];
    const data = Float32Array.from({ length: 512 * 200_000 }, (_, i) => (i % 65_521) / 65_521);
    const files = await putTensors(store, 'weights', { 'head.kernel': { dtype: 'F32', shape, data } });
    const ref: ArtifactRef = { type: 'weights', digest: `sha256:${'0'.repeat(64)}` };
    const { 'head.kernel': read } = await getTensors(store, { ref, files }, 'weights');
    return { files: files.length, bytes: data.byteLength, isEqual: data.every((value, i) => value === read?.data[i]) };
  },
};

await serve({}, async (message) => {
  const request = message as unknown as Request;
  const store = new Store(new FolderObjects(request.store));
  const context: StageContext = {
    ...{ seed: 1, store, signal: new AbortController().signal, checkpoints: noCheckpoints },
    // As the engine does it: others get their turn.
    progress: () => new Promise((resolve) => setImmediate(resolve)),
    log: () => {},
  };
  const set = (): ArtifactRef => JSON.parse(readFileSync(join(request.store, 'set.json'), 'utf8'));
  const peak = new ChildPeak();
  let found: JsonObject = {};
  const seconds = await timed(async () => {
    found = (await works[request.work]?.({ context, store, pack: request.pack, set })) ?? {};
  });
  peak.stop();
  return { ...found, seconds, peakBytes: peakMemoryOf(process.pid) ?? 0, childPeakBytes: peak.bytes };
});
