import { putBenchmarks, putPairs } from '../../artifacts/benchmarks.ts';
import { setPrefix } from '../../artifacts/codecs/benchmarks.ts';
import { DatasetWriter } from '../../artifacts/dataset.ts';
import { noCheckpoints } from '../../core/checkpoint.ts';
import { randomStream } from '../../core/random.ts';
import type { ArtifactStore, Progress } from '../../core/stage.ts';
import { Stall } from '../../data/loader/batches.ts';
import { type CopyRecipe, maker as copies } from '../../data/loader/copies.ts';
import { inProcess } from '../../data/loader/workers.ts';
import type { PrecisionOption } from '../../nn/compile/precision.ts';
import { Scratch } from '../../threads/scratch.ts';
import type { InputContext } from '../../training/input.ts';
import { memoryStore } from '../helpers/memory-store.ts';

export const side = 12;

/** For stages that are called without their schema, which would fill it in. */
export const float32: PrecisionOption = { precision: 'float32' };

/** A context over a store in memory that notes every step reported and every line logged. Its input has no threads. */
export const toyContext = (
  store: ArtifactStore = memoryStore(),
  seed = 7,
): InputContext<CopyRecipe> & { steps: Progress[]; lines: string[] } => {
  const steps: Progress[] = [];
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const progress = async (p: Progress): Promise<void> => {
    steps.push(p);
  };
  const { signal } = new AbortController();
  return {
    store,
    seed,
    signal,
    progress,
    log,
    steps,
    lines,
    checkpoints: noCheckpoints,
    workers: inProcess(copies),
    stall: new Stall(),
    scratch: new Scratch(),
  };
};

/** People who are stripes of a colour and width of their own, under noise and a change of light. */
export const toyPixels = (identity: number, image: number): Uint8Array => {
  const own = randomStream(identity, 'toy identity');
  const [red, green, blue, turn, pitch] = [own(), own(), own(), own() * 3, 0.6 + own()] as [
    number,
    number,
    number,
    number,
    number,
  ];
  const photo = randomStream(identity, 'toy photo', image);
  const light = 0.85 + 0.3 * photo();
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const wave = 0.5 + 0.5 * Math.sin(pitch * y + turn * Math.abs(x - (side - 1) / 2));
      [red, green, blue].forEach((colour, c) => {
        const value = 255 * light * (0.6 * colour + 0.4 * wave) + 30 * (photo() - 0.5);
        pixels[(y * side + x) * 3 + c] = Math.min(255, Math.max(0, Math.round(value)));
      });
    }
  }
  return pixels;
};

/** Images 0 … images − 1 of identities first … first + identities − 1. */
export const toyDataset = async (store: ArtifactStore, identities: number, images: number, first = 0) => {
  const writer = new DatasetWriter(store, { height: side, width: side });
  for (let identity = first; identity < first + identities; identity++) {
    for (let image = 0; image < images; image++)
      await writer.add({ identity, image, pixels: toyPixels(identity, image) });
  }
  return writer.finish({ origin: 'procedural', peopleShown: 'drawn' });
};

/** Verification sets of 20 people each, from `first` on: in each of ten folds, two same and two different pairs of people of its own. */
export const toyBenchmarks = async (store: ArtifactStore, first: number, sets: readonly string[] = ['lfw']) => {
  const made = await Promise.all(sets.map((set, i) => toySet(store, set, first + 20 * i)));
  return putBenchmarks(store, made.flat(), { sets: [...sets], height: side, width: side, peopleShown: 'drawn' });
};

const toySet = async (store: ArtifactStore, name: string, first: number) => {
  const writer = new DatasetWriter(store, { height: side, width: side, prefix: setPrefix(name) });
  const pairs: { left: number; right: number; same: number; fold: number }[] = [];
  for (let fold = 0; fold < 10; fold++) {
    const row = fold * 4;
    for (const person of [0, 1]) {
      const identity = first + fold * 2 + person;
      for (const image of [0, 1]) await writer.add({ identity, image, pixels: toyPixels(identity, image) });
      pairs.push({ left: row + 2 * person, right: row + 2 * person + 1, same: 1, fold });
      pairs.push({ left: row + person, right: row + 2 + person, same: 0, fold });
    }
  }
  const column = (name: 'left' | 'right' | 'fold') => Int32Array.from(pairs, (pair) => pair[name]);
  const files = await writer.files();
  const same = Uint8Array.from(pairs, (pair) => pair.same);
  const set = { left: column('left'), right: column('right'), same, fold: column('fold') };
  return [...files, await putPairs(store, name, set, 40)];
};

export const toyTraining = {
  network: {
    preset: 'small',
    stemWidth: 16,
    stemStride: 1,
    widths: [16, 32],
    depths: [1, 1],
    strides: [2, 2],
    embedding: 16,
  },
  loss: 'adaface',
  m: 0.4,
  h: 0.333,
  s: 32,
  t_alpha: 0.01,
  epochs: 6,
  batch: 32,
  lr: 0.05,
  lrBatch: 0,
  momentum: 0.9,
  weightDecay: 5e-4,
  decayNorms: false,
  milestones: [4],
  second: null,
  clip: 0,
  plateau: null,
  gamma: 0.1,
  warmup: 3,
  validateEvery: 1,
  keep: 'last',
  precision: 'float32',
  augment: { cropScale: [0.9, 1], flip: 0.5, jitter: 0.05, erase: 0.5, eraseScale: [0.02, 0.1] },
} as const;
