import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../core/errors.ts';
import type { Benchmark, Context } from '../benchmark.ts';
import { type Answer, LongProcess, ownProgram } from '../process.ts';

const sizes = [10_000, 100_000, 500_000];
const formats = ['recordio', 'lmdb', 'webdataset', 'parquet', 'zip', 'folder'];

/** What is done with a set that a store holds. */
const works: { readonly [name: string]: string } = {
  load: 'load a set for training with 256 MiB for images, the rest on disk, and read 200 augmented batches of 128 in shuffled order',
  audit: "look for another set's images among those of a set, as the audit does",
  subset: 'data/subset, 10 of 50 images of each identity',
  export: 'shards of WebDataset from a set',
};

const count = (images: number): string => images.toLocaleString('en');

/** A generated set is made before anything is timed, and removed at the end. */
const sides = async ({ folder }: Context, images: number, work: string, format: string) => {
  const [pack, store] = [join(folder, 'pack'), join(folder, 'store')];
  let running: LongProcess | undefined;
  let answer: Answer | undefined;
  const ours = {
    name: 'cemiflow',
    prepare: async () => {
      const maker = await LongProcess.start(ownProgram('data/pack.ts'));
      await maker.repeat({ format, images, folder: format === 'store' ? store : pack }).finally(() => maker.close());
      running = await LongProcess.start(ownProgram('data/side.ts'));
    },
    run: async () => {
      answer = await (running as LongProcess).repeat({ work, pack, store });
      if (answer.images !== images) throw new RangeError(`${images} images were made, ${answer.images} came in`);
      return answer.seconds;
    },
    close: async () => {
      await running?.close();
      await Promise.all([pack, store].map((each) => rm(each, { recursive: true, force: true })));
    },
    peakMemory: async () => ((answer?.peakBytes as number) ?? 0) + ((answer?.childPeakBytes as number) ?? 0),
    facts: (): JsonObject => ({ ...answer, imagesPerSecond: Math.round(images / (answer?.seconds ?? 1)) }),
  };
  return { ours, peers: [] };
};

/** Writes the weights of a head to a store and reads them back. */
const headSides = async ({ folder }: Context) => {
  let running: LongProcess | undefined;
  let answer: Answer | undefined;
  const ours = {
    name: 'cemiflow',
    prepare: async () => {
      running = await LongProcess.start(ownProgram('data/side.ts'));
    },
    run: async () => {
      answer = await (running as LongProcess).repeat({ work: 'head', pack: '', store: join(folder, 'store') });
      return answer.seconds;
    },
    close: async () => running?.close(),
    peakMemory: async () => answer?.peakBytes as number,
    facts: (): JsonObject => ({ ...answer }),
  };
  return { ours, peers: [] };
};

const shared = { rounds: 1, cold: true } as const;

/** Sets of three sizes: rates, and memory that must not grow with the images. */
const sets: readonly Benchmark[] = sizes.flatMap((images) => [
  ...formats.map((format) => ({
    ...shared,
    name: `data/import-${format}/${images}`,
    work: `data/import of ${count(images)} drawn JPEGs of 112 px from ${format}, into a store that is a folder`,
    sides: (context: Context) => sides(context, images, 'import', format),
  })),
  ...Object.entries(works).map(([name, what]) => ({
    ...shared,
    name: `data/${name}/${images}`,
    work: `${what}: ${count(images)} images of 112 px`,
    sides: (context: Context) => sides(context, images, name, 'store'),
  })),
]);

export const benchmarks: readonly Benchmark[] = [
  ...sets,
  {
    ...shared,
    name: 'data/head',
    work: 'a head of 200,000 classes, float32 [512, 200000], 410 MB: written to a store in files of 60 MiB and read back',
    sides: headSides,
  },
];
